"""Makes the expected results of the conformance test with Great Expectations itself.

    python3 -m venv venv && venv/bin/pip install great_expectations==1.24.1
    venv/bin/python generate.py

For every CSV file it writes suites in the form of 1.x (NAME.json) and of 0.18 (NAME-018.json),
and NAME.expected.json: what the library finds in the file as pandas reads it.
"""
import json
import pathlib
import warnings

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent


def class_name(kind):
    return "".join(part.capitalize() for part in kind.split("_"))


E = lambda kind, **kwargs: (kind, kwargs)
col = lambda kind, column, **kwargs: ("expect_column_" + kind, {"column": column, **kwargs})

ORDERS = [
    col("values_to_not_be_null", "amount"),
    col("values_to_not_be_null", "amount", mostly=0.9),
    col("values_to_not_be_null", "id", mostly=0.91),
    col("values_to_be_null", "payer"),
    col("values_to_be_null", "payer", mostly=0.3),
    col("values_to_be_unique", "id"),
    col("values_to_be_unique", "id", mostly=0.8),
    col("values_to_be_unique", "id", mostly=0.81),
    col("values_to_be_unique", "name"),
    col("values_to_be_between", "amount", min_value=0, max_value=55.25),
    col("values_to_be_between", "amount", min_value=0, max_value=55.25, strict_min=True, strict_max=True),
    col("values_to_be_between", "amount", min_value=0, max_value=60, mostly=0.8),
    col("values_to_be_between", "amount", min_value=0, max_value=60, mostly=0.81),
    col("values_to_be_between", "amount", max_value=20.5),
    col("values_to_be_between", "amount", min_value=15, strict_min=True),
    col("values_to_be_in_set", "code", value_set=["A-01", "A-02", "B-10"]),
    col("values_to_be_in_set", "code", value_set=["A-01", "A-02", "B-10"], mostly=0.5),
    col("values_to_be_in_set", "id", value_set=[1, 2, 3, 4, 5]),
    col("values_to_be_in_set", "amount", value_set=[10, 20.5, None, 0]),
    col("values_to_be_in_set", "flag", value_set=[True]),
    col("values_to_be_in_set", "code", value_set=[]),
    col("values_to_not_be_in_set", "name", value_set=["张三", "李四"]),
    col("values_to_not_be_in_set", "amount", value_set=[10, 15]),
    col("value_lengths_to_be_between", "code", min_value=4, max_value=4),
    col("value_lengths_to_be_between", "name", min_value=2, max_value=3, strict_max=True),
    col("value_lengths_to_equal", "name", value=2),
    col("value_lengths_to_equal", "name", value=2, mostly=0.8),
    col("values_to_match_regex", "code", regex="^[A-Z]-\\d{2}$"),
    col("values_to_match_regex", "code", regex="-0"),
    col("values_to_match_regex", "name", regex="^\\w+$"),
    col("values_to_match_regex", "name", regex="[张李]|^a"),
    col("values_to_not_match_regex", "code", regex="^A"),
    col("values_to_match_regex_list", "code", regex_list=["^A", "^[a-z]"], match_on="any"),
    col("values_to_match_regex_list", "code", regex_list=["^A", "1$"], match_on="all"),
    col("values_to_not_match_regex_list", "code", regex_list=["^A", "9$"]),
    col("values_to_match_strftime_format", "day", strftime_format="%Y-%m-%d"),
    col("values_to_match_strftime_format", "day", strftime_format="%Y-%m-%d", mostly=0.8),
    col("values_to_match_strftime_format", "day", strftime_format="%m/%d/%Y"),
    col("values_to_be_json_parseable", "doc"),
    col("values_to_match_json_schema", "doc", json_schema={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, row_condition="id < 3", condition_parser="pandas"),
    col("values_to_be_increasing", "seq"),
    col("values_to_be_increasing", "seq", strictly=True),
    col("values_to_be_decreasing", "seq", mostly=0.3),
    col("values_to_be_between", "amount", min_value=11, row_condition='code == "A-01"', condition_parser="pandas"),
    col("values_to_be_between", "amount", min_value=11, row_condition='code != "A-01" and seq > 2', condition_parser="pandas"),
    col("values_to_be_between", "amount", min_value=11, row_condition='payer.notnull() or (seq >= 5 and not owner == "zhao")', condition_parser="pandas"),
    col("values_to_not_be_null", "payer", row_condition='owner in ["li", "wang"]', condition_parser="pandas"),
    E("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="paid"),
    E("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="paid", or_equal=True),
    E("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="paid", or_equal=True, ignore_row_if="either_value_is_missing"),
    E("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="paid", or_equal=True, ignore_row_if="neither"),
    E("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="paid", or_equal=True, mostly=0.6),
    E("expect_column_pair_values_to_be_equal", column_A="owner", column_B="payer"),
    E("expect_column_pair_values_to_be_equal", column_A="owner", column_B="payer", ignore_row_if="either_value_is_missing"),
    E("expect_column_pair_values_to_be_equal", column_A="owner", column_B="payer", ignore_row_if="neither"),
    E("expect_column_pair_values_to_be_in_set", column_A="owner", column_B="payer", value_pairs_set=[["li", "wang"], ["wang", None], ["sun", "sun"]]),
    E("expect_column_pair_values_to_be_in_set", column_A="owner", column_B="payer", value_pairs_set=[["li", "wang"], ["sun", "sun"]], ignore_row_if="either_value_is_missing"),
    E("expect_compound_columns_to_be_unique", column_list=["owner", "payer"]),
    E("expect_compound_columns_to_be_unique", column_list=["owner", "payer"], ignore_row_if="any_value_is_missing"),
    E("expect_compound_columns_to_be_unique", column_list=["owner", "payer"], ignore_row_if="never"),
    E("expect_compound_columns_to_be_unique", column_list=["owner", "witness"], mostly=0.8),
    E("expect_select_column_values_to_be_unique_within_record", column_list=["owner", "payer"]),
    E("expect_select_column_values_to_be_unique_within_record", column_list=["owner", "payer", "witness"]),
    E("expect_select_column_values_to_be_unique_within_record", column_list=["owner", "payer", "witness"], ignore_row_if="any_value_is_missing"),
    E("expect_select_column_values_to_be_unique_within_record", column_list=["owner", "payer", "witness"], ignore_row_if="never"),
    E("expect_multicolumn_values_to_be_equal", column_list=["owner", "payer", "witness"]),
    E("expect_multicolumn_values_to_be_equal", column_list=["owner", "payer", "witness"], ignore_row_if="any_value_is_missing"),
    E("expect_multicolumn_sum_to_equal", column_list=["paid", "rest"], sum_total=10),
    E("expect_multicolumn_sum_to_equal", column_list=["paid", "rest"], sum_total=10, ignore_row_if="any_value_is_missing"),
    E("expect_table_row_count_to_equal", value=11),
    E("expect_table_row_count_to_be_between", min_value=12),
    E("expect_table_column_count_to_equal", value=12),
    E("expect_table_column_count_to_be_between", min_value=10, max_value=13),
    E("expect_table_columns_to_match_set", column_set=["id", "amount"], exact_match=False),
    E("expect_table_columns_to_match_set", column_set=["id", "amount"]),
    E("expect_table_columns_to_match_ordered_list", column_list="id,amount,paid,rest,code,name,day,flag,doc,seq,owner,payer,witness".split(",")),
    E("expect_table_columns_to_match_ordered_list", column_list="amount,id,paid,rest,code,name,day,flag,doc,seq,owner,payer,witness".split(",")),
    col("to_exist", "amount"),
    col("to_exist", "missing"),
]

SPARSE = [
    col("distinct_values_to_be_in_set", "k", value_set=["a", "b", "c", "d", "e", "f"]),
    col("distinct_values_to_be_in_set", "k", value_set=["a", "b"]),
    col("distinct_values_to_contain_set", "k", value_set=["a", "e"]),
    col("distinct_values_to_contain_set", "k", value_set=["a", "z"]),
    col("distinct_values_to_equal_set", "k", value_set=["a", "b", "c", "d", "e"]),
    col("distinct_values_to_equal_set", "v", value_set=[1, 2, 3]),
    col("most_common_value_to_be_in_set", "k", value_set=["a", "z"], ties_okay=True),
    col("most_common_value_to_be_in_set", "k", value_set=["a", "z"]),
    col("most_common_value_to_be_in_set", "k", value_set=["e"], ties_okay=True),
    col("unique_value_count_to_be_between", "k", min_value=5, max_value=5),
    col("unique_value_count_to_be_between", "k", min_value=5, strict_min=True),
    col("proportion_of_unique_values_to_be_between", "k", min_value=0.5, max_value=0.6),
    col("proportion_of_unique_values_to_be_between", "k", min_value=0.56),
    col("proportion_of_non_null_values_to_be_between", "k", min_value=0.9, max_value=1),
    col("proportion_of_non_null_values_to_be_between", "k", min_value=0.9, strict_min=True),
    col("max_to_be_between", "v", min_value=100, max_value=100),
    col("max_to_be_between", "v", max_value=100, strict_max=True),
    col("min_to_be_between", "v", min_value=0, max_value=1),
    col("min_to_be_between", "w", min_value=1, strict_min=True),
    col("mean_to_be_between", "v", min_value=14.5, max_value=14.5),
    col("mean_to_be_between", "w", max_value=31),
    col("median_to_be_between", "v", min_value=5.5, max_value=5.5),
    col("median_to_be_between", "w", min_value=26),
    col("stdev_to_be_between", "v", min_value=30.1, max_value=30.2),
    col("stdev_to_be_between", "w", min_value=30),
    col("sum_to_be_between", "w", min_value=285, max_value=285),
    col("sum_to_be_between", "v", min_value=145, strict_min=True),
    col("quantile_values_to_be_between", "w", quantile_ranges={"quantiles": [0.0, 0.25, 0.5, 0.9, 1.0], "value_ranges": [[1, 1], [9, 9], [25, 25], [64, 64], [81, None]]}),
    col("quantile_values_to_be_between", "v", quantile_ranges={"quantiles": [0.1, 0.5], "value_ranges": [[2, 2], [5, 5]]}),
    col("value_z_scores_to_be_less_than", "v", threshold=2, double_sided=True),
    col("value_z_scores_to_be_less_than", "v", threshold=3, double_sided=True),
    col("value_z_scores_to_be_less_than", "v", threshold=0.3, double_sided=False),
    col("values_to_not_be_outliers", "v", method="iqr", multiplier=1.5),
    col("mean_to_be_between", "v", max_value=10, row_condition='k != "a"', condition_parser="pandas"),
    col("values_to_not_be_null", "only"),
    col("values_to_be_null", "only"),
]

SUITES = {"orders": ORDERS, "sparse": SPARSE}


def validate(batch, kind, kwargs):
    expectation = getattr(gxe, class_name(kind))(**kwargs)
    found = batch.validate(expectation, result_format={"result_format": "COMPLETE"}).to_json_dict()
    out = {"success": found["success"]}
    error = (found.get("exception_info") or {})
    if error.get("raised_exception") or any(isinstance(v, dict) and v.get("raised_exception") for v in error.values()):
        out["exception"] = True
        print("raised:", kind, kwargs, str(error)[:300])
        return out
    result = found["result"]
    for key in ("element_count", "missing_count", "unexpected_count", "observed_value"):
        if key in result:
            out[key] = result[key]
    if "unexpected_index_list" in result and result["unexpected_index_list"] is not None:
        out["rows"] = [i + 1 for i in result["unexpected_index_list"]]
    return out


for name, expectations in SUITES.items():
    frame = pd.read_csv(here / f"{name}.csv")
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    expected = [validate(batch, kind, kwargs) for kind, kwargs in expectations]
    write = lambda file, value: (here / file).write_text(json.dumps(value, indent=1, ensure_ascii=False, default=lambda v: v.item()) + "\n", encoding="utf-8")
    write(f"{name}.expected.json", expected)
    write(f"{name}.json", {"name": name, "expectations": [{"type": k, "kwargs": a, "meta": {}, "severity": "critical"} for k, a in expectations],
                           "meta": {"great_expectations_version": gx.__version__}, "notes": None})
    write(f"{name}-018.json", {"expectation_suite_name": name, "data_asset_type": None, "ge_cloud_id": None,
                               "expectations": [{"expectation_type": k, "kwargs": a, "meta": {}} for k, a in expectations],
                               "meta": {"great_expectations_version": "0.18.22"}})
