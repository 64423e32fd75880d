"""What the README's figures come from. Reads `scripts`, and nothing there imports it."""
