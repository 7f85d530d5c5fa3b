raise ValueError("\n  the words\nmore")
