package main

// reasons say of cases that take more than mostRatio times as long as DuckDB why they do. Names are titles of cases.
var reasons = map[string]string{}
