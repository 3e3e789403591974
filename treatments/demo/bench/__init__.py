"""`manage.py bench`: a database as large as a big clinic's, and how long the things that matter take in it."""
