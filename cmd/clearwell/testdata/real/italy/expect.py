"""Works out, without clearwell, what a run of datasets/cases-by-province.yaml must give.

    python3 expect.py SHARED >expect.json          (SHARED: the shared folder; Python 3.9 or later, no packages)

The steps stand in the order of the contract. Nothing here is clever on purpose: it is to be read beside the contract.
"""
import collections, csv, glob, json, os, re, sys

shared = sys.argv[1]
paths = sorted(glob.glob(os.path.join(shared, "data/real/italy-civil-protection/province/dpc-covid19-ita-province-*.csv")))
rows, per_file = [], []
for path in paths:
    with open(path, encoding="utf-8", newline="") as f:
        here = list(csv.DictReader(f, strict=True))
    per_file.append(len(here))
    rows += here

checked, failed, nulls = collections.Counter(), collections.Counter(), collections.Counter()
PLACEHOLDER, OUTSIDE = "In fase di definizione/aggiornamento", "Fuori Regione / Provincia Autonoma"


def rule(name, known, good):
    """A rule counts where it is known; it fails where it is known and not good. Gives True where it fails."""
    checked[name] += bool(known)
    bad = bool(known) and not good
    failed[name] += bad
    return bad


def full(pattern, s): return re.fullmatch(pattern, s or "", re.ASCII) is not None


def number(s): return float(s) if s else None


read, excluded, quarantined, published = len(rows), 0, 0, []
copies = collections.Counter((r["data"][:10], r["codice_provincia"]) for r in rows if r["denominazione_provincia"] != OUTSIDE)
for r in rows:
    f = {k: (v or "").strip() or None for k, v in r.items()}
    if f["denominazione_provincia"] == OUTSIDE:  # where: cases of people who live elsewhere belong to no province
        excluded += 1
        continue
    day = f["data"][:10]
    lat, long = number(f["lat"]), number(f["long"])
    nuts = [f.get("codice_nuts_%d" % k) for k in (1, 2, 3)]
    bad = False
    bad |= rule("measured_at.required", True, f["data"])
    bad |= rule("measured_at.type", f["data"], full(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", f["data"]))
    bad |= rule("country-is-italy", f["stato"], f["stato"] == "ITA")
    bad |= rule("province-named", f["denominazione_provincia"], f["denominazione_provincia"] != PLACEHOLDER)
    bad |= rule("region_code.required", True, f["codice_regione"])
    bad |= rule("region-code-form", f["codice_regione"], full("0[1-9]|1[0-9]|2[0-2]", f["codice_regione"]))
    rule("region-code-current", f["codice_regione"], f["codice_regione"] != "04")
    bad |= rule("province_code.required", True, f["codice_provincia"])
    bad |= rule("province-code-form", f["codice_provincia"], full("[0-9]{3}", f["codice_provincia"]))
    rule("province_abbreviation.required", True, f["sigla_provincia"])
    rule("abbreviation-form", f["sigla_provincia"], full("[A-Z]{2}", f["sigla_provincia"]))
    rule("latitude.required", True, lat is not None)
    rule("latitude-in-italy", lat is not None, lat is not None and 35 <= lat <= 48)
    rule("longitude.required", True, long is not None)
    rule("longitude-in-italy", long is not None, long is not None and 6 <= long <= 19)
    bad |= rule("total_cases.required", True, f["totale_casi"])
    bad |= rule("total_cases.type", f["totale_casi"], full("-?[0-9]+", f["totale_casi"]))
    bad |= rule("total-not-negative", f["totale_casi"], int(f["totale_casi"]) >= 0)
    rule("coordinates-together", True, (lat is None) == (long is None))
    bad |= rule("one-row-a-day", True, copies[day, f["codice_provincia"]] == 1)
    rule("measured-at-17", f["data"], f["data"][11:13] == "17")
    rule("nuts-from-2021-01-15", day >= "2021-01-15", nuts[0] is not None)
    rule("nuts-2-in-nuts-1", nuts[0] and nuts[1], nuts[0] and nuts[1] and nuts[1].startswith(nuts[0]))
    rule("nuts-3-in-nuts-2", nuts[1] and nuts[2], nuts[1] and nuts[2] and nuts[2].startswith(nuts[1]))
    for name, value in (("province_abbreviation", f["sigla_provincia"]), ("latitude", lat), ("longitude", long), ("note", f["note"]),
                        ("nuts_1", nuts[0]), ("nuts_2", nuts[1]), ("nuts_3", nuts[2])):
        nulls[name] += value is None
    if bad:
        quarantined += 1
    else:
        published.append(f)

inside = [r for r in rows if r["denominazione_provincia"] != OUTSIDE]
last = {}  # the row before in the source, by province
for r in inside:
    cases, before = int(r["totale_casi"]), last.get(r["codice_provincia"], 0)
    rule("total-does-not-fall", True, cases >= before)
    last[r["codice_provincia"]] = cases


def depends(name, left, right):
    """Rows that do not have the most frequent right side of their group fail; all where several are as frequent."""
    groups = collections.defaultdict(collections.Counter)
    for r in inside:
        groups[r[left]][r[right]] += 1
    for g in groups.values():
        winners = [v for v, n in g.items() if n == max(g.values())]
        for v, n in g.items():
            for _ in range(n):
                rule(name, True, winners == [v])


depends("code-says-region", "codice_regione", "denominazione_regione")
depends("region-says-code", "denominazione_regione", "codice_regione")
depends("code-says-province", "codice_provincia", "denominazione_provincia")
FORM = "data,stato,codice_regione,denominazione_regione,codice_provincia,denominazione_provincia,sigla_provincia,lat,long,totale_casi,note"
headers = [open(p, encoding="utf-8-sig").readline().strip() for p in paths]

json.dump({
    "files": len(paths), "rows_of_first_file": per_file[0], "rows_of_last_file": per_file[-1],
    "rows": {"read": read, "published": len(published), "quarantined": quarantined, "duplicates": 0, "excluded": excluded},
    "rules": {k: {"checked": checked[k], "failed": failed[k]} for k in checked},
    "nulls": dict(nulls),
    "measures": {
        "days-there": "passed" if len({r["data"][:10] for r in inside}) == 138 else "failed",
        "header": "passed" if all(sorted(h.split(",")) == sorted(FORM.split(",")) for h in headers) else "warned",
        "rows": "passed" if len(inside) >= 10000 else "failed",
        "fresh": "warned"},  # the last day is in 2021
    "published": {
        "sum_of_cases": sum(int(f["totale_casi"]) for f in published),
        "provinces": len({f["codice_provincia"] for f in published}), "days": len({f["data"][:10] for f in published}),
        "rows_of_naples": sum(f["sigla_provincia"] == "NA" for f in published),
        "with_nuts": sum(f.get("codice_nuts_3") is not None for f in published),
        "first_day": min(f["data"] for f in published), "last_day": max(f["data"] for f in published)},
}, sys.stdout, indent=1, ensure_ascii=False)
print()
