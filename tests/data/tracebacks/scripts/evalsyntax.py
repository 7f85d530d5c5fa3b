import ast
ast.literal_eval("1 +")
