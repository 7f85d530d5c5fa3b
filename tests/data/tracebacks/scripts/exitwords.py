import sys
sys.exit("no such molecule: H3O")
