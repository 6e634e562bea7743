// Package publish puts finished versions of datasets where analysts see them:
//
//	published/<dataset>/v=000012/part-00000-of-00001.parquet
//	                             manifest.json  datapackage.json  quality.json  …
//	published/<dataset>/latest.json
//
// A version is made in .clearwell/staging/<run>/<dataset>/ and becomes visible
// in two renames, each atomic and durable. The commit points and what a crash
// around them leaves:
//
//	            before                                 after
//	sealed      staging may hold half-written files;   staging is whole and on disk; nobody
//	            Sweep removes it                       sees it; Sweep removes it unless its run
//	                                                   is to be finished
//	placed      as sealed                              the version's folder is whole under its
//	                                                   final name, latest.json still names the
//	                                                   previous version; Finish goes on
//	promoted    as placed                              the new version is current
//
// Readers start at latest.json and never list folders; what stands under
// published/ is never changed but by adding files beside the data (Put).
//
// The data files are written by package parquet, the hash of their rows is made by
// package contentroot. This package knows neither the ledger nor runs: it is
// told when to go on. Start at Site.
package publish
