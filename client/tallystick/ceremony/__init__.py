"""A network between organisations: its members' keys and cards, its founding, its changes."""
