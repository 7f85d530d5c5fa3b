"""Picture of a finished run: the physics above, the slots of the machine over time below

usage: picture.py OUT_FOLDER REPORT.json PICTURE.png [MOMENTS.json]

REPORT.json comes from `lopin report --json`. MOMENTS.json may hold {"killed": t, "resumed": t, "naive_s": seconds}.
"""
import glob
import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from exact import ground_state

INK, MUTED, GRID = "#1b1f24", "#6a737d", "#e4e7eb"
COLORS = ["#b5c7d8", "#6d9fc4", "#2f73a8", "#12436d"]  # light to dark: small to large chains
ALARM = "#c8453b"


def read_results(folder):
    """A row a sample: spins, field over coupling, energy, magnetisation, and the same two exactly."""
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "*.npz"))):
        with np.load(path) as out:
            J, h = out["J"], out["h"]
            scale = len(h) * J.mean()
            energy, sx = ground_state(J, h)
            rows.append((len(h), h.mean() / J.mean(), out["energy"] / scale, out["sx"].mean(),
                         energy / scale, sx.mean()))
    return np.array(rows)


def exact_curves(sizes, fields, realisations=80):
    """Exact values over the field for fresh disorder; each realisation keeps its disorder over all fields."""
    rng = np.random.default_rng(7)
    energy = np.empty((realisations, len(fields)))
    magnetisation = energy.copy()
    for row in range(realisations):
        n = int(rng.choice(sizes))
        J, h = rng.uniform(0.5, 1.5, n - 1), rng.uniform(0.5, 1.5, n)
        J, h = J / J.mean(), h / h.mean()
        for column, field in enumerate(fields):
            e, sx = ground_state(J, field * h)
            energy[row, column], magnetisation[row, column] = e / n, sx.mean()
    return energy, magnetisation


def physics(axes, results):
    sizes = sorted(set(results[:, 0].astype(int)))
    x = np.linspace(0.05, max(2.4, results[:, 1].max() + 0.1), 60)
    curves = exact_curves(sizes, x)
    labels = (r"energy per site  $E_0/n\bar J$", r"transverse magnetisation  $\langle\sigma^x\rangle$")
    for axis, exact, column, label in zip(axes, curves, (2, 3), labels):
        mean, spread = exact.mean(0), exact.std(0)
        axis.fill_between(x, mean - 2 * spread, mean + 2 * spread, color=GRID, lw=0)
        axis.plot(x, mean, color=MUTED, lw=1.4)
        for size, color in zip(sizes, COLORS[-len(sizes):]):
            chosen = results[:, 0] == size
            axis.plot(results[chosen, 1], results[chosen, column], "o", ms=4.6, color=color, mew=0,
                      label="%d spins" % size, zorder=3)
        axis.plot(results[:, 1], results[:, column + 2], "o", ms=8, mfc="none", mec=INK, mew=0.8, zorder=4)
        axis.axvline(1.0, color=MUTED, lw=0.8, ls=(0, (3, 3)), zorder=0)
        axis.set_xlabel(r"mean field over mean coupling  $\bar h/\bar J$")
        axis.set_title(label, loc="left", fontsize=11, color=INK)
        axis.set_xlim(0, x[-1])
    worst = np.abs(results[:, 2:4] - results[:, 4:6]).max()
    handles, labels = axes[1].get_legend_handles_labels()
    ring = plt.Line2D([], [], ls="", marker="o", ms=8, mfc="none", mec=INK, mew=0.8)
    line = plt.Line2D([], [], color=MUTED, lw=1.4)
    band = plt.Rectangle((0, 0), 1, 1, color=GRID, lw=0)
    axes[1].legend(
        handles + [ring, line, band],
        labels + ["exact, the same sample (within %.0e)" % max(worst, 1e-15), "exact, mean of 80 realisations",
                  "their two standard deviations"],
        frameon=False, fontsize=8.5, loc="lower right",
    )


def size_of(text):
    """The number of spins is in the name: h1.00-n17-3.npz."""
    part = [word for word in os.path.basename(text).split("-") if word.startswith("n")]
    return int(part[0][1:]) if part and part[0][1:].isdigit() else 0


def timeline(axis, report, moments):
    tasks = [task for task in report["tasks"] if task.get("start") and task.get("end")]
    begin = min(task["start"] for task in tasks)
    end = max(task["end"] for task in tasks) - begin
    sizes = sorted({size_of(task["text"]) for task in tasks})
    slots = sorted({task["slot"] for task in tasks})
    for task in tasks:
        color = COLORS[-len(sizes):][sizes.index(size_of(task["text"]))] if len(sizes) <= 4 else COLORS[2]
        failed = task["state"] != "done"
        axis.barh(slots.index(task["slot"]), task["end"] - task["start"], left=task["start"] - begin, height=0.62,
                  color=ALARM if failed else color, edgecolor="white", lw=0.8)
    if moments.get("killed"):
        killed, resumed = moments["killed"] - begin, moments["resumed"] - begin
        axis.fill_between([killed, resumed], -0.6, len(slots) - 0.4, color=ALARM, alpha=0.13, lw=0)
        axis.plot([killed, killed], [-0.6, len(slots) - 0.4], color=ALARM, lw=1.5)
        axis.annotate("kill -9", (killed, len(slots) - 0.45), xytext=(-4, 0), textcoords="offset points",
                      color=ALARM, fontsize=9, ha="right", va="bottom", annotation_clip=False)
        axis.annotate("lopin resume", (resumed, len(slots) - 0.45), xytext=(4, 0), textcoords="offset points",
                      color=ALARM, fontsize=9, ha="left", va="bottom", annotation_clip=False)
    rows = ["slot %s" % slot for slot in slots]
    naive = moments.get("naive_s")
    if naive:
        axis.barh(-1.35, naive, height=0.62, color="#d9c4a5", edgecolor="white")
        axis.text(naive / 2, -1.35, "multiprocessing.Pool(8), the same samples: %.0f s" % naive,
                  ha="center", va="center", fontsize=9, color=INK)
        end = max(end, naive)
    axis.set_yticks(range(len(slots)), rows)
    axis.set_ylim(-1.9 if naive else -0.6, len(slots) - 0.2)
    axis.set_xlim(0, end * 1.02)
    axis.set_xlabel("seconds since the first task")
    efficiency = report.get("efficiency") or 0
    axis.set_title("lopin map: %d of %d done in %.0f s, cores %.0f %% used"
                   % (report["done"], report["datasets"], report["wall_s"], 100 * efficiency),
                   loc="left", fontsize=11, color=INK, pad=22)


def main(folder, report, target, moments=None):
    with open(report) as file:
        report = json.load(file)
    if moments:
        with open(moments) as file:
            moments = json.load(file)
    plt.rcParams.update({
        "font.size": 9.5, "axes.edgecolor": MUTED, "axes.labelcolor": INK, "text.color": INK, "xtick.color": MUTED,
        "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8,
    })
    slots = len({task["slot"] for task in report["tasks"]})
    height = 1.5 + 0.32 * min(slots, 32)
    figure = plt.figure(figsize=(10.5, 5.0 + height), layout="constrained")
    figure.get_layout_engine().set(hspace=0.08, wspace=0.06, h_pad=0.12, w_pad=0.12)
    grid = figure.add_gridspec(2, 2, height_ratios=[4.2, height])
    physics([figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])], read_results(folder))
    timeline(figure.add_subplot(grid[1, :]), report, moments or {})
    figure.suptitle("Disordered transverse-field Ising chains, open ends: %d samples" % report["datasets"],
                    x=0.012, ha="left", fontsize=13, fontweight="bold")
    figure.savefig(target, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:5])
