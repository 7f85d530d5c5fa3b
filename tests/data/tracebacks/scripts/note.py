e = ValueError("with note")
if hasattr(e, "add_note"):
    e.add_note("Note: of it")
raise e
