import json
def g():
    return json.loads("{")
g()
