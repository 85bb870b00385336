"""Many documents at once: what need not be made again, who makes the rest, and what was made."""
