# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures as Markdown, and as plots that gnuplot draws."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from gateways import find_deno


def ratio(rows, name, peer, key="rps"):
    return f"{rows[name][key] / rows[peer][key]:.2f}" if peer in rows and rows[peer][key] else "–"


EVERYTHING = """
`weir-everything` checks a token (that it has seen before), a rate limit and the Origin of each
request, gives it an id and writes it into the access log. `node-everything` is the Node gateway with
the same written by hand; the others do nothing of that, and are sent the same requests.
"""


PEERS = ["nginx", "node", "workerd"]


def throughput(notes, table, title="", words="", peers=PEERS):
    out = []
    for connections, rows in sorted(table.items()):
        out.append(f"### {title}{connections} connections\n{words}")
        ratios = "".join(f" × {peer} |" for peer in peers)
        out.append(f"| | requests/s | p50 µs | p99 µs | CPU µs/request |{ratios} |")
        out.append("|---|--:|--:|--:|--:|" + "--:|" * len(peers) + "---|")
        for name, row in rows.items():
            failed = f", **{row['bad']:.0f} failed**" if row["bad"] else ""
            out.append(
                f"| {name} | {row['rps']:,.0f} | {row['p50']:,.0f} | {row['p99']:,.0f} "
                f"| {row['cpu']:.1f} | {' | '.join(ratio(rows, name, peer) for peer in peers)} "
                f"| {notes[name]}{failed} |")
        out.append("")
    return out


def everything(notes, table):
    return throughput(notes, table, "Everything switched on, ", EVERYTHING,
                      [*PEERS, "node-everything"])


def bodies(table):
    out = ["### Bodies, MB/s over 8 connections\n",
           "| | " + " | ".join(f"{size >> 10} KiB" for size in table) + " |",
           "|---|" + "--:|" * len(table)]
    for name in next(iter(table.values())):
        out.append(f"| {name} | " + " | ".join(f"{rows[name]['mbps']:,.0f}" for rows in table.values()) + " |")
    return [*out, ""]


def large(size, rows):
    out = [f"### One body of {size >> 20:,} MiB, unbuffered\n",
           "| | down MB/s | × nginx | RSS grew, KB | up MB/s | × nginx | RSS grew, KB |",
           "|---|--:|--:|--:|--:|--:|--:|"]
    for gateway in rows["down"]:
        cells = [f"{of_way[gateway]['mbps']:,.0f} | {ratio(of_way, gateway, 'nginx', 'mbps')} "
                 f"| {of_way[gateway]['grown']:,}" for of_way in (rows["down"], rows["up"])]
        out.append(f"| {gateway} | {' | '.join(cells)} |")
    return [*out, ""]


def idle(count, rows):
    out = [f"### Beside {count:,} idle connections\n",
           "| | throughput kept | KB for each |", "|---|--:|--:|"]
    for name, row in rows.items():
        kept = f"{row['kept'] * 100:.0f} % | {row['each']:.2f}" if row["kept"] else "refused | –"
        out.append(f"| {name} | {kept} |")
    return [*out, ""]


def cold(rows):
    out = ["### Cold start: from the request to the first byte of its answer\n",
           "| | median ms | worst ms | × by hand |", "|---|--:|--:|--:|"]
    hand = rows["deno by hand"]["median"]
    for name, row in rows.items():
        out.append(f"| {name} | {row['median']:.1f} | {row['worst']:.1f} | {row['median'] / hand:.2f} |")
    return [*out, ""]


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")
    deno = subprocess.run([find_deno(), "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}; {deno}"


def plot(path, title, x_label, y_label, series, log_x=True):
    """series: {name: [(x, y), …]}"""
    script = [
        "set terminal svg size 720,400 font 'sans,12' background rgb 'white'",
        f"set output '{path}'", f"set title '{title}'",
        f"set xlabel '{x_label}'", f"set ylabel '{y_label}'",
        "set key outside right", "set grid", "set yrange [0:*]",
        "set logscale x" if log_x else "",
        "plot " + ", ".join(f"'-' using 1:2 with linespoints title '{name}'" for name in series),
    ]
    for points in series.values():
        script += [f"{x} {y}" for x, y in points] + ["e"]
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def plots(folder, warm, by_size):
    """Writes them, and gives the Markdown that shows them; none without gnuplot."""
    if shutil.which("gnuplot") is None:
        return ["(No plots: gnuplot is missing.)", ""]
    folder.mkdir(exist_ok=True)
    out = []

    def add(file, title, x_label, y_label, table, key):
        series = {name: [(x, rows[name][key]) for x, rows in sorted(table.items())] for name in next(iter(table.values()))}
        plot(folder / file, title, x_label, y_label, series)
        out.append(f"![{title}]({folder.name}/{file})\n")

    if warm:
        add("throughput.svg", "Requests a second", "connections", "requests/s", warm, "rps")
        add("latency.svg", "Latency, 99th percentile", "connections", "µs", warm, "p99")
        add("cpu.svg", "CPU for each request, gateway alone", "connections", "µs", warm, "cpu")
    if by_size:
        add("bodies.svg", "Bodies", "bytes", "MB/s", by_size, "mbps")
    return out
