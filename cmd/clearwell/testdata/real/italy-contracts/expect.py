"""Works out, without clearwell, what runs of datasets/contracts.yaml and then datasets/payments.yaml must give.

    python3 expect.py SHARED >expect.json          (SHARED: the shared folder; Python 3.9 or later, no packages)

The steps stand in the order of the contracts. Nothing here is clever on purpose: it is to be read beside them.
"""
import collections, csv, json, os, re, sys
from fractions import Fraction as F

folder = os.path.join(sys.argv[1], "data/real/italy-civil-protection/contracts")


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
        return [{k: v.strip() or None for k, v in r.items()} for r in csv.DictReader(f, strict=True)]


def quartile(sorted_values, share):
    """Type 7 of Hyndman and Fan."""
    at = (len(sorted_values) - 1) * share
    low = at.numerator // at.denominator
    high = min(low + 1, len(sorted_values) - 1)
    return sorted_values[low] + (at - low) * (sorted_values[high] - sorted_values[low])


def broken_dependencies(rows, left, right):
    """Rows that do not have the most frequent right side of their group; all where several are as frequent."""
    groups = collections.defaultdict(collections.Counter)
    for r in rows:
        if r[left] is not None and r[right] is not None:
            groups[r[left]][r[right]] += 1
    failed = 0
    for g in groups.values():
        most = max(g.values())
        winners = [v for v, n in g.items() if n == most]
        failed += sum(g.values()) - (most if len(winners) == 1 else 0)
    return failed


contracts, payments = read("contracts.csv"), read("payments.csv")
n = len(contracts)
totals = sorted(F(r["totale_articolo"]) for r in contracts)
q1, q3 = quartile(totals, F(1, 4)), quartile(totals, F(3, 4))
low, high = q1 - F(3, 2) * (q3 - q1), q3 + F(3, 2) * (q3 - q1)
codes = [r["cig"] for r in contracts if r["cig"]]
known = {r["protocollo_atto_negoziale"] for r in contracts}
rules = {
    "protocol-form": (n, sum(re.fullmatch(r"(COVID|ABI)/[0-9]{7}", r["protocollo_atto_negoziale"]) is None for r in contracts)),
    "tender-code-form": (len(codes), sum(re.fullmatch("[0-9A-Z]{10}", c) is None for c in codes)),
    "quantity-positive": (n, sum(int(r["quantita"]) <= 0 for r in contracts)),
    "total-outlier": (n, sum(not low <= F(r["totale_articolo"]) <= high for r in contracts)),
    "total-is-price-times-quantity": (n, sum(abs(int(r["quantita"]) * F(r["prezzo_unitario"]) - F(r["totale_articolo"])) > F(1, 100) for r in contracts)),
    "one-supplier": (n, broken_dependencies(contracts, "protocollo_atto_negoziale", "fornitore")),
    "one-day": (n, broken_dependencies(contracts, "protocollo_atto_negoziale", "data_atto_negoziale")),
    "subgroup-in-group": (n, broken_dependencies(contracts, "sottogruppo_articoli", "gruppo_articoli")),
    "tender-code-with-type": (n, sum((r["tipologia_cig"] is None) != (r["cig"] is None) for r in contracts)),
    "signed-before-update": (n, sum(r["data_atto_negoziale"] > r["data_aggiornamento"] for r in contracts)),
}
m = len(payments)
once = collections.Counter(r["protocollo_atto_negoziale"] for r in payments)
unknown = sum(r["protocollo_atto_negoziale"] not in known for r in payments)
paid_rules = {
    "protocol-once": (m, sum(once[r["protocollo_atto_negoziale"]] > 1 for r in payments)),
    "contract-known": (m, unknown),
    "paid-no-more": (m, sum(F(r["totale_pagato"]) > F(r["totale_fornitura"]) for r in payments)),
    "paid-in-full": (m, sum(F(r["totale_pagato"]) != F(r["totale_fornitura"]) for r in payments)),
}


def result(rows, quarantined, rules, measures):
    return {"rows": {"read": rows, "published": rows - quarantined, "quarantined": quarantined, "duplicates": 0, "excluded": 0},
            "rules": {k: {"checked": c, "failed": f} for k, (c, f) in rules.items()}, "measures": measures}


agree = abs(sum(totals) - sum(F(r["totale_fornitura"]) for r in payments)) <= F(1, 100)
json.dump({
    "contracts": result(n, 0, rules, {
        "tender-code-given": "passed" if (n - len(codes)) * 10 <= n else "warned",
        "fresh": "warned",  # last changed in 2020
        "rows": "passed" if n >= 90 else "failed"}),
    "payments": result(m, unknown, paid_rules, {"totals-agree": "passed" if agree else "warned", "rows": "passed" if m >= 50 else "failed"}),
}, sys.stdout, indent=1)
print()
