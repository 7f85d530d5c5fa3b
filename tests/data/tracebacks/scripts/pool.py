from multiprocessing import Pool
def f(x):
    raise ValueError("in worker %d" % x)
if __name__ == "__main__":
    with Pool(1) as p:
        p.map(f, [1])
