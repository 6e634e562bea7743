"""Works out, without clearwell, what a run of examples/wildlife-strikes must give.

    python3 wildlife.py examples/wildlife-strikes/inbox/birdstrikes.csv >wildlife.json      (Python 3.9 or later, no packages)

To be read beside datasets/wildlife-strikes.yaml; nothing is clever on purpose.
"""
import collections, csv, datetime, json, re, sys

rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline=""), strict=True))
checked, failed = collections.Counter(), collections.Counter()


def rule(name, known, good):
    checked[name] += bool(known)
    bad = bool(known) and not good
    failed[name] += bad
    return bad


def blanks(s): return re.sub("[ \t\r\n\u3000]+", " ", s)
def operator(s): return s.strip().upper()[:-1] if s.strip().upper().endswith("*") else s.strip().upper()


PHASES = {"Parked", "Taxi", "Take-off run", "Climb", "En Route", "Descent", "Approach", "Landing Roll", "Departure", "Arrival", "Local"}
KINDS = {"MILITARY": "military", "GOVERNMENT": "government", "BUSINESS": "business", "PRIVATELY OWNED": "private", "UNKNOWN": None}
kept, quarantined, nulls = [], 0, collections.Counter()
for order, r in enumerate(rows):
    f = {}
    f["flight_date"] = datetime.date.fromisoformat(r["Flight Date"].strip())
    f["airport"] = blanks(r["Airport Name"].strip()).upper()
    f["state"] = {"DC": "District of Columbia"}.get(r["Origin State"].strip(), r["Origin State"].strip())
    f["operator"] = {"ALLEGHENYAIRLINES": "ALLEGHENY AIRLINES", "EXPRESSJET (CONTINENTAL EXPRS)": "EXPRESSJET (CONTINENTAL EXPRESS)", "UNKNOWN": None}.get(operator(r["Aircraft Airline Operator"]), operator(r["Aircraft Airline Operator"]))
    f["operator_kind"] = KINDS.get(r["Aircraft Airline Operator"].strip().upper(), "airline")
    f["aircraft"] = blanks(r["Aircraft Make Model"].strip().upper())
    f["phase"], f["time_of_day"] = r["Phase of flight"].strip(), r["Time of day"].strip()
    f["damage"], f["size"] = r["Effect Amount of damage"].strip(), r["Wildlife Size"].strip()
    f["species_written"] = blanks(r["Wildlife Species"].strip())
    f["species"] = None if f["species_written"] in ("Unknown bird - small", "Unknown bird - medium", "Unknown bird - large", "Unknown bird or bat") else f["species_written"]
    f["speed_knots"] = int(r["Speed IAS in knots"]) if r["Speed IAS in knots"].strip() else None
    f["speed_written"] = r["Speed IAS in knots"].strip() or "not given"
    f["operator_written"] = operator(r["Aircraft Airline Operator"])
    for k, column in (("cost_repair", "Cost Repair"), ("cost_other", "Cost Other"), ("cost_total", "Cost Total $")):
        f[k] = int(r[column].strip().replace(",", "").replace("$", ""))

    speed, bad = f["speed_knots"], False
    bad |= rule("flight_date.type", True, 1990 <= f["flight_date"].year <= 2100)
    rule("operator-given", True, f["operator"])
    rule("aircraft-model-given", True, not f["aircraft"].endswith("UNKN"))
    bad |= rule("phase-known", True, f["phase"] in PHASES)
    rule("time-of-day-known", True, f["time_of_day"] in {"Dawn", "Day", "Dusk", "Night"})
    damage_bad = rule("damage-word", True, f["damage"] in {"None", "Minor", "Medium", "Substantial", "Destroyed"})
    rule("size-word", True, f["size"] in {"Small", "Medium", "Large"})
    rule("species-identified", True, f["species"])
    rule("speed-given", True, speed is not None)
    null = rule("speed-possible", speed is not None, speed is not None and 0 <= speed <= 400)
    null |= rule("speed-fits-flight", speed is not None and f["phase"] in ("Climb", "Descent", "Approach"), speed is not None and speed >= 40)
    null |= rule("speed-fits-ground", speed is not None and f["phase"] in ("Parked", "Taxi"), speed is not None and 0 <= speed <= 60)
    for k in ("cost_repair", "cost_other", "cost_total"):
        bad |= rule(k.replace("_", "-") + "-range", True, 0 <= f[k] <= 500_000_000)
    bad |= rule("costs-add-up", True, f["cost_total"] == f["cost_repair"] + f["cost_other"])
    rule("no-damage-no-repair", f["damage"] == "None", f["cost_repair"] == 0)
    rule("damage-has-cost", f["damage"] in ("Minor", "Medium", "Substantial", "Destroyed"), f["cost_total"] > 0)
    rule("airport-in-its-state", f["airport"] in ("WASHINGTON DULLES INTL ARPT", "RONALD REAGAN WASHINGTON NATL"), f["state"] == "Virginia")
    for k, v in f.items():
        nulls[k] += v is None
    if damage_bad: f["damage"] = None
    if null: f["speed_knots"] = None
    quarantined += bad
    if not bad:
        kept.append((sum(v is None for v in f.values()), order, f))

best = {}
for incomplete, order, f in kept:
    k = tuple(f[x] for x in ("flight_date", "airport", "operator_written", "aircraft", "phase", "time_of_day", "species_written", "speed_written"))
    if k not in best or (incomplete, order) < best[k][:2]:
        best[k] = (incomplete, order, f)
published = [f for _, _, f in best.values()]
json.dump({
    "rows": {"read": len(rows), "published": len(published), "quarantined": quarantined, "duplicates": len(kept) - len(published), "excluded": 0},
    "rules": {k: {"checked": checked[k], "failed": failed[k]} for k in checked},
    "nulls": dict(nulls),
    "published": {"cost_total": sum(f["cost_total"] for f in published), "speeds": sum(f["speed_knots"] is not None for f in published),
                  "months": len({(f["flight_date"].year, f["flight_date"].month) for f in published}), "airports": len({f["airport"] for f in published}),
                  "operators": len({f["operator"] for f in published} - {None})},
}, sys.stdout, indent=1)
print()
