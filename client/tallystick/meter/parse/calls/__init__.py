"""What a call asks for, and what of it has to change before it goes upstream."""
