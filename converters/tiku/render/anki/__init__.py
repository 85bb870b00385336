"""What the outputs for Anki share: the frozen note types, safe field texts, and the notes of a bank."""
