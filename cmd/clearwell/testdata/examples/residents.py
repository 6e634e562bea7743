"""Works out, without clearwell, what a run of examples/residents must give.

    python3 residents.py residents.csv SHARED/standards/gb2260.csv >residents.json      (Python 3.9 or later, no packages)

To be read beside datasets/residents.yaml; nothing is clever on purpose.
"""
import collections, csv, datetime, json, re, sys
from decimal import Decimal

text = open(sys.argv[1], "rb").read().decode("gb18030")
REGIONS = {r["code"] for r in csv.DictReader(open(sys.argv[2], encoding="utf-8"))}
BLANKS = " \t\r\n\u3000"


def cell_of(s, at):
    """One cell from at on: (value, index after it). None where the quoting is broken."""
    if s[at:at + 1] != '"':
        end = at
        while end < len(s) and s[end] not in ',\n':
            if s[end] == '"':
                return None, end
            end += 1
        return s[at:end], end
    out, at = [], at + 1
    while at < len(s):
        if s[at] == '"':
            if s[at + 1:at + 2] == '"':
                out.append('"')
                at += 2
                continue
            rest = s[at + 1:at + 3]
            return ("".join(out), at + 1) if rest[:1] in (",", "\n", "") or rest == "\r\n" else (None, at)
        out.append(s[at])
        at += 1
    return None, at


def records(s):
    """RFC 4180. A record with broken quoting is its first line only, and a bad one; so is one with too few or too many cells."""
    at, width = 0, None
    while at < len(s):
        start, cells = at, []
        while True:
            value, at = cell_of(s, at)
            if value is None:
                break
            cells.append(value)
            if s[at:at + 1] == "\r" and s[at + 1:at + 2] == "\n":
                at += 1
            if at >= len(s) or s[at] == "\n":
                at += 1
                break
            at += 1  # the comma
        if value is None:
            at = s.index("\n", start) + 1
            yield None
            continue
        if cells[-1].endswith("\r"):
            cells[-1] = cells[-1][:-1]
        if cells == [""]:
            continue
        if width is None:
            width = len(cells)
        yield cells if len(cells) == width else None


def half(s): return "".join(" " if c == "\u3000" else chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in s)
def trim(s): return s.strip(BLANKS)
def code(s): return trim(half(s))
def full(pattern, s): return re.fullmatch(pattern, s, re.ASCII) is not None


def real(y, m, d, low=1900, high=2100):
    try:
        return datetime.date(y, m, d) if low <= y <= high else None
    except ValueError:
        return None


def day(s):
    for pattern in (r"(\d{4})-(\d{1,2})-(\d{1,2})", r"(\d{4})/(\d{1,2})/(\d{1,2})", r"(\d{4})(\d{2})(\d{2})", r"(\d{4})年(\d{1,2})月(\d{1,2})日"):
        m = re.fullmatch(pattern, s, re.ASCII)
        if m:
            return real(*map(int, m.groups()))


def moment(s):
    m = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})|(\d{4})/(\d{2})/(\d{2}) (\d{2}):(\d{2}):(\d{2})", s, re.ASCII)
    if not m:
        return None
    v = [int(x) for x in m.groups() if x is not None]
    date = real(*v[:3])
    return datetime.datetime(*v) if date and v[3] < 24 and v[4] < 60 and v[5] < 60 else None


def check11(body): return "10X98765432"[sum(int(c) * w for c, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11]


def identity(s):
    if full("[0-9]{15}", s) and real(1900 + int(s[6:8]), int(s[8:10]), int(s[10:12])):
        return s[:6] + "19" + s[6:] + check11(s[:6] + "19" + s[6:])
    return s


def born(s): return real(int(s[6:10]), int(s[10:12]), int(s[12:14]), 1800, 2100) if full("[0-9]{17}[0-9X]", s) and s[17] == check11(s[:17]) else None


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
def credit(s): return len(s) == 18 and all(c in ALPHABET for c in s) and ALPHABET[(31 - sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(s[:17])) % 31) % 31] == s[17]


GENDERS = {}
for value, words in (("0", "0 未知的性别 未知 不详"), ("1", "1 男性 男 M 先生"), ("2", "2 女性 女 F 女士"), ("9", "9 未说明的性别 未说明 保密")):
    for word in words.split():
        GENDERS[word] = GENDERS[word.lower()] = value


def phone(s):
    t = "".join(c for c in s if c not in " \t-")
    for prefix in ("+86", "0086"):
        if t.startswith(prefix):
            t = t[len(prefix):]
            break
    else:
        if len(t) == 13 and t.startswith("86"):
            t = t[2:]
    return t if full("1[0-9]{10}", t) else s


def person(s): return re.sub("(?<=[㐀-鿿〇])[" + BLANKS + "]+(?=[㐀-鿿〇])", "", trim(s))


def amount(s):
    m = re.fullmatch(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(万?)", s.rstrip("元"), re.ASCII)
    if m:
        value = Decimal(m[1] + m[2].replace(",", "") + (m[3] or "")) * (10000 if m[4] else 1)
        return value if value == value.quantize(Decimal("0.01")) else None


all_records = records(text)
HEADER = next(all_records)
checked, failed, nulls = collections.Counter(), collections.Counter(), collections.Counter()


def rule(name, known, good):
    checked[name] += bool(known)
    bad = bool(known) and not good
    failed[name] += bad
    return bad


good, bad_records = [], 0
for r in all_records:
    if r is None:
        bad_records += 1
    else:
        good.append(dict(zip(HEADER, r)))
copies = collections.Counter(trim(r["登记编号"]) for r in good)
kept, quarantined, upgraded = [], bad_records, 0
for order, r in enumerate(good):
    f, bad = {}, False
    f["registration_no"], f["source_department"] = trim(r["登记编号"]) or None, trim(r["数据来源"]) or None
    number = code(r["身份证号"]).upper()
    f["id_card"] = identity(number) or None
    upgraded += f["id_card"] != (number or None)
    f["name"] = person(r["姓名"]) or None
    gender = code(r["性别"])
    f["gender"] = GENDERS.get(gender, gender) or None
    birth = code(r["出生日期"])
    f["birth_date"] = day(birth)
    f["phone"] = phone(code(r["手机号码"])) or None
    f["address"] = trim(r["住址"]) or None
    f["admin_code"] = code(r["行政区划代码"]) or None
    f["uscc"] = code(r["统一社会信用代码"]).upper() or None
    capital = code(r["出资额"])
    f["capital"] = amount(capital)
    registered = code(r["登记日期"])
    f["registered"] = day(registered)
    update = code(r["更新时间"])
    f["updated_at"] = moment(update)
    f["email"] = code(r["电子邮箱"]).lower() or None
    f["remark"] = trim(r["备注"]) or None

    birth_of_id = born(f["id_card"] or "")
    bad |= rule("registration_no.required", True, f["registration_no"])
    bad |= rule("registration-no-form", f["registration_no"], full("DJ[0-9]{8}", f["registration_no"] or ""))
    bad |= rule("registration-no-unique", f["registration_no"], copies[f["registration_no"]] == 1)
    bad |= rule("id_card.required", True, f["id_card"])
    bad |= rule("id_card.standard", f["id_card"], birth_of_id and f["id_card"][:6] in REGIONS)
    bad |= rule("name.required", True, f["name"])
    bad |= rule("name.standard", f["name"], full("[㐀-鿿〇]{2,50}", f["name"] or ""))
    gender_bad = rule("gender.standard", f["gender"], f["gender"] in {"0", "1", "2", "9"})
    rule("birth_date.type", birth, f["birth_date"])
    phone_bad = rule("phone.standard", f["phone"], full("1[3-9][0-9]{9}", f["phone"] or ""))
    bad |= rule("admin_code.standard", f["admin_code"], f["admin_code"] in REGIONS)
    bad |= rule("uscc.standard", f["uscc"], credit(f["uscc"] or ""))
    bad |= rule("capital.type", capital, f["capital"] is not None)
    bad |= rule("capital-range", f["capital"] is not None, f["capital"] is not None and 0 <= f["capital"] <= 100_000_000)
    rule("registered.type", registered, f["registered"])
    bad |= rule("updated_at.required", True, update)
    bad |= rule("updated_at.type", update, f["updated_at"])
    email_bad = rule("email.standard", f["email"], full(r"[a-z0-9.]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", f["email"] or ""))
    bad |= rule("birth-matches-id", f["birth_date"] and birth_of_id, f["birth_date"] == birth_of_id)
    rule("gender-matches-id", f["gender"] in ("1", "2") and birth_of_id, f["gender"] == ("1" if birth_of_id and int(f["id_card"][16]) % 2 else "2"))
    rule("registered-before-update", f["registered"] and f["updated_at"], f["registered"] and f["updated_at"] and datetime.datetime.combine(f["registered"], datetime.time()) <= f["updated_at"])
    rule("business-has-capital", f["uscc"], f["capital"] is not None)
    for k, v in f.items():
        nulls[k] += v is None
    if gender_bad: f["gender"] = "9"
    if phone_bad: f["phone"] = None
    if email_bad: f["email"] = None
    quarantined += bad
    if not bad:
        kept.append((order, sum(v is None for v in f.values()), f))

best = {}
for order, incomplete, f in kept:
    rank = (-f["updated_at"].timestamp(), incomplete, order)
    if f["id_card"] not in best or rank < best[f["id_card"]][0]:
        best[f["id_card"]] = (rank, f)
published = [f for _, f in best.values()]
json.dump({
    "rows": {"read": len(good) + bad_records, "bad_records": bad_records, "published": len(published), "quarantined": quarantined, "duplicates": len(kept) - len(published), "excluded": 0},
    "id15_upgraded": upgraded,
    "rules": {k: {"checked": checked[k], "failed": failed[k]} for k in checked},
    "nulls": dict(nulls),
    "published": {"capital": str(sum(f["capital"] for f in published if f["capital"] is not None)), "phones": sum(f["phone"] is not None for f in published),
                  "emails": sum(f["email"] is not None for f in published), "last_update": max(f["updated_at"] for f in published).isoformat()},
}, sys.stdout, indent=1, ensure_ascii=False)
print()
