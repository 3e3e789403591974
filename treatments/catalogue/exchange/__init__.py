"""The catalogue as a file: written whole and read back equal, and single recipes in packages that are signed."""
