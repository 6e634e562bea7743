"""Works out, without clearwell, what a run of datasets/early-childhood-sites.yaml must give.

    python3 expect.py SHARED >expect.json          (SHARED: the shared folder; Python 3.9 or later, no packages)

The steps stand in the order of the contract. Nothing here is clever on purpose: it is to be read beside the contract.
"""
import collections, csv, json, os, re, sys

BLANKS = " \t\r\n\u3000"
SOURCES = {
    "CPS_Early_Childhood_Portal_scrape.csv": "cps-portal", "ECE Chicago Find a School scrape.csv": "find-a-school",
    "chapin_dfss_providers_2011_070212.csv": "dfss-2011", "DFSS_AgencySiteLies_2012.csv": "dfss-2012",
    "purple_binder_early_childhood.csv": "purple-binder", "NAEYC_accreditation.csv": "naeyc",
    "IDHS_child_care_provider_list.csv": "idhs", "chapin_ounce_providers_2011_071112.csv": "ounce-2011",
    "Ounce of Prevention - Site Locations.csv": "ounce-sites"}
PROGRAMS = {"Head Start", "Community Partnerships", "Prekindergarten For All", "Child Care", "State Pre-Kindergarten", "School Age",
            "Early Head Start", "Child Parent Center", "Tuition Based Preschool"}
STREETS = [" AVENUE", " AVE", " STREET", " ST", " BOULEVARD", " BLVD", " ROAD", " RD", " PLACE", " PL", " DRIVE", " DR", " PARKWAY", " PKWY"]


def trim(s): return s.strip(BLANKS)
def collapse(s): return re.sub("[" + BLANKS + "]+", " ", s)
def mojibake(s): return s.replace("‚Äö√Ñ√¥", "’").replace("¬¨‚Ä†", " ")
def remove(s, chars): return "".join(c for c in s if c not in chars)


def strip_suffix(s, words):
    for w in words:
        if s.endswith(w):
            return s[:-len(w)]
    return s


def text(s): return trim(collapse(mojibake(trim(s)))) or None
def key(s): return trim(collapse(remove(mojibake(trim(s)).upper(), ".,;:'’()-/&#\"+"))) or None
def boolean(s): return {"yes": True, "no": False}.get(s.lower())


shared = sys.argv[1]
path = os.path.join(shared, "data/real/chicago-early-childhood/sites.csv")
rows = list(csv.DictReader(open(path, encoding="utf-8", newline=""), strict=True))

checked, failed = collections.Counter(), collections.Counter()
nulls, types_failed = collections.Counter(), collections.Counter()


def rule(name, known, good):
    """A rule counts where it is known; it fails where it is known and not good. Gives True where it fails."""
    checked[name] += bool(known)
    bad = bool(known) and not good
    failed[name] += bad
    return bad


def full(pattern, s): return re.fullmatch(pattern, s, re.ASCII) is not None


kept, quarantined = [], 0
seen = collections.Counter(trim(r["Id"]) for r in rows)
for order, r in enumerate(rows):
    f = {}
    f["record_id"] = trim(r["Id"]) or None
    f["source"] = SOURCES.get(trim(r["Source"]), trim(r["Source"])) or None
    f["site_name"], f["site_key"] = text(r["Site name"]), key(r["Site name"])
    f["address"] = text(r["Address"])
    f["address_key"] = trim(strip_suffix(key(r["Address"]) or "", STREETS)) or None
    f["zip"] = trim(r["Zip"]) or None
    f["phone"] = remove(trim(r["Phone"]), "()-. \n") or None
    f["fax"] = remove(trim(r["Fax"]), "()-. \n") or None
    f["program"] = {"Head Start/Prekindergarten For": "Head Start", "Head Start/Child Parent Center": "Head Start"}.get(trim(r["Program Name"]), trim(r["Program Name"])) or None
    f["day_length"] = trim(r["Length of Day"]).lower() or None
    f["idhs_id"] = trim(r["IDHS Provider ID"]) or None
    f["neighborhood"] = text(r["Neighborhood"])
    f["director"] = text(r["Eearly Head Start Fund"])
    booleans = {"head_start": trim(r["CC fund"]), "early_head_start": trim(r["Progmod"]), "child_care": trim(r["Website"])}
    places = {"places_early": r["Number per Site EHS"], "places": r["Number per Site HS"]}
    places = {k: collapse(trim(v)) for k, v in places.items()}
    places = {k: "" if v in ("--", "-- --", "-- -- --") else v for k, v in places.items()}
    f["website"] = trim(r["Center Director"]).lower() or None
    f["accredited_until"] = trim(r["Email Address"]) or None
    f["email"] = trim(r["Purple binder service type"]).lower() or None
    f["service_type"] = trim(r["Column2"]) or None

    bad = False
    bad |= rule("record_id.required", True, f["record_id"])
    bad |= rule("record_id.type", f["record_id"], full("-?[0-9]+", f["record_id"] or ""))
    rule("source.required", True, f["source"])
    bad |= rule("source-known", f["source"], f["source"] in SOURCES.values())
    bad |= rule("site_name.required", True, f["site_name"])
    bad |= rule("address.required", True, f["address"])
    bad |= rule("address-has-number", f["address"], full("[0-9].*", f["address"] or ""))
    rule("zip.required", True, f["zip"])
    rule("zip-in-illinois", f["zip"], full("6[0-2][0-9]{3}", f["zip"] or ""))
    rule("zip-in-chicago", f["zip"], full("606[0-9]{2}", f["zip"] or ""))
    phone_bad = rule("phone-digits", f["phone"], full("[0-9]{7}|[0-9]{10}", f["phone"] or ""))
    rule("phone-area-code", f["phone"], len(f["phone"] or "") == 10)
    rule("fax-digits", f["fax"], full("[0-9]{10}", f["fax"] or ""))
    rule("program-known", f["program"], f["program"] in PROGRAMS)
    rule("idhs-id-form", f["idhs_id"], full("[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}", f["idhs_id"] or ""))
    for k, v in booleans.items():
        value = boolean(v)
        rule(k + ".type", v, value is not None)
        f[k] = value
    for k, v in places.items():
        good = full("[0-9]+", v)
        rule(k + ".type", v, good)
        f[k] = int(v) if good else None
        rule(k + "-range", f[k] is not None, f[k] is not None and 1 <= f[k] <= 500)
    website_bad = rule("website-form", f["website"], full(r"(https?://)?[a-z0-9-]+(\.[a-z0-9-]+)+(/.*)?", f["website"] or ""))
    rule("accredited-until-form", f["accredited_until"], full("(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])/[0-9]{2}", f["accredited_until"] or ""))
    email_bad = rule("email.standard", f["email"], full(r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}", f["email"] or ""))
    rule("service-type-known", f["service_type"], f["service_type"] in {"Child Care", "Early Head Start", "Child Parent Center"})
    bad |= rule("record-unique", f["record_id"], seen[f["record_id"]] == 1)
    rule("reachable", True, f["phone"] or f["email"])
    in_scope = f["source"] == "purple-binder"
    rule("service-type-given", in_scope, f["service_type"])
    for k, v in f.items():
        nulls[k] += v is None
    if phone_bad: f["phone"] = None
    if website_bad: f["website"] = None
    if email_bad: f["email"] = None
    if bad:
        quarantined += 1
    else:
        kept.append((sum(v is None for v in f.values()), order, f))

best = {}
for incomplete, order, f in kept:
    k = (f["site_key"], f["address_key"])
    if None in k:
        k = order
    if k not in best or (incomplete, order) < best[k][:2]:
        best[k] = (incomplete, order, f)
published = [f for _, _, f in sorted(best.values(), key=lambda x: x[1])]
json.dump({
    "rows": {"read": len(rows), "published": len(published), "quarantined": quarantined, "duplicates": len(kept) - len(published), "excluded": 0},
    "rules": {k: {"checked": checked[k], "failed": failed[k]} for k in checked},
    "nulls": dict(nulls),
    "published": {
        "first_ids": [int(f["record_id"]) for f in published[:5]], "sum_of_ids": sum(int(f["record_id"]) for f in published),
        "phones": sum(f["phone"] is not None for f in published), "zips": sum(f["zip"] is not None for f in published),
        "sources": dict(sorted(collections.Counter(f["source"] for f in published).items()))},
}, sys.stdout, indent=1, ensure_ascii=False)
print()
