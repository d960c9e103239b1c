"""Training of the human-parsing network that the preview engine ships. Not part of the server: needs torch."""
