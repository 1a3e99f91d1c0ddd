"""Files and databases read into memory as they are: formats, encodings, archives; nothing is corrected here."""
