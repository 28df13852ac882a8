"""How bodies are cut into documents: events, lines, elements, frames."""
