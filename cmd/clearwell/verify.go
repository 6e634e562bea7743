package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"clearwell/lineage/verify"
	"clearwell/pipeline"
	"clearwell/pipeline/publish/contentroot"
)

// errBroken ends a verification that found something; the report says what.
var errBroken = errors.New("verification failed")

func (a *app) verifyCommand() *cobra.Command {
	var policyFile, proofFile, dataset string
	var deep bool
	c := &cobra.Command{
		Use:   "verify [FILE.parquet...]",
		Short: "Say whether a published file, or the whole workspace, is what the ledger says",
		Long: `With files: each is checked with the proof.json beside it (or --proof FILE) and
nothing else; no workspace is needed.

Without: the whole ledger of the workspace and every artifact that it names.

Trust starts outside of what is checked: --policy FILE names the keys of the log
(and of witnesses) that you have from the portal or a printed fingerprint. It is a
C2SP tlog-policy, or the key of the log alone (log.vkey).
Without it a file can only be found internally consistent, signer unknown.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			var policy *verify.Policy
			if policyFile != "" {
				data, err := os.ReadFile(policyFile)
				if err != nil {
					return usageError{fmt.Errorf("read the trust policy: %w; name the file with the log's key, such as %s/log.vkey of the workspace or the one from the portal", err, pipeline.LedgerDir)}
				}
				if key := bytes.TrimSpace(data); isKey(key) {
					data = fmt.Appendf(nil, "log %s\nquorum none\n", key)
				}
				if policy, err = verify.ParsePolicy(data); err != nil {
					return usageError{fmt.Errorf("%s: %w", policyFile, err)}
				}
			}
			if len(args) == 0 {
				report, err := a.verifyWorkspace(c, policy, dataset)
				if err != nil {
					return err
				}
				return a.printReports(c, []named{{"workspace", report}})
			}
			var reports []named
			for _, path := range args {
				report, err := verify.File(c.Context(), path, verify.FileOptions{ProofPath: proofFile, Policy: policy})
				if err != nil {
					return err
				}
				if deep && report.OK {
					if err := checkContentRoot(c, report, path); err != nil {
						return err
					}
				}
				reports = append(reports, named{path, report})
			}
			return a.printReports(c, reports)
		},
	}
	c.Flags().StringVar(&policyFile, "policy", "", "trust policy `FILE` (C2SP tlog-policy), or the log's key (log.vkey)")
	c.Flags().StringVar(&proofFile, "proof", "", "proof `FILE` (default: proof.json beside the file)")
	c.Flags().StringVar(&dataset, "dataset", "", "of the workspace, only the artifacts of this dataset")
	c.Flags().BoolVar(&deep, "deep", false, "of files, also recompute the content root from the rows")
	return c
}

// isKey says whether text is one verifier key, such as log.vkey holds.
func isKey(text []byte) bool {
	_, err := note.NewVerifier(string(text))
	return err == nil
}

type named struct {
	name   string
	report *verify.Report
}

func (a *app) verifyWorkspace(c *cobra.Command, policy *verify.Policy, dataset string) (*verify.Report, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	opts := pipeline.VerifyOptions{Policy: policy, Dataset: dataset}
	store, err := history(c.Context(), root)
	if err != nil {
		return nil, err
	}
	if store != nil {
		defer store.Close()
		opts.State = store
	}
	if !exists(filepath.Join(root, pipeline.LedgerDir)) {
		return nil, fmt.Errorf("%s has no ledger; it is made by the first run", root)
	}
	return pipeline.VerifyWorkspace(c.Context(), root, opts)
}

// checkContentRoot recomputes the content root from the rows of the file.
func checkContentRoot(c *cobra.Command, r *verify.Report, path string) error {
	want := ""
	for _, s := range r.Statements {
		if root, ok := s.Body["content_root"].(string); ok && s.Kind == "publication" {
			want = root
		}
	}
	got, err := contentroot.OfParquet(c.Context(), os.TempDir(), 256<<20, path)
	if onDisk := new(os.PathError); errors.As(err, &onDisk) || c.Context().Err() != nil {
		return err
	}
	if err != nil {
		r.Add(verify.Finding{What: filepath.Base(path), Why: fmt.Sprintf("its rows cannot be read again: %v; --deep is for Parquet files", err)})
		return nil
	}
	if hash := fmt.Sprintf("%x", got.Hash); hash != want {
		r.Add(verify.Finding{What: filepath.Base(path), Why: fmt.Sprintf("its rows give the content root %s, the publication says %s", hash, want)})
		return nil
	}
	r.Notes = append(r.Notes, fmt.Sprintf("The content root was recomputed from %s rows and is that of the publication.", grouped(got.Rows)))
	return nil
}

func (a *app) printReports(c *cobra.Command, reports []named) error {
	broken := false
	for _, n := range reports {
		broken = broken || !n.report.OK
	}
	if a.json {
		var out any = reports[0].report
		if len(reports) > 1 {
			list := map[string]*verify.Report{}
			for _, n := range reports {
				list[n.name] = n.report
			}
			out = list
		}
		if err := printJSON(c, out); err != nil {
			return err
		}
	} else {
		for i, n := range reports {
			if i > 0 {
				fmt.Fprintln(c.OutOrStdout())
			}
			printReport(c.OutOrStdout(), n.name, n.report)
		}
	}
	if broken {
		return &shownError{errBroken}
	}
	return nil
}

// statementsShown keeps the report of a whole ledger to a screen; --json has all.
const statementsShown = 12

func printReport(w io.Writer, name string, r *verify.Report) {
	fmt.Fprintf(w, "%s: %s\n", name, r.Verdict)
	if r.Origin != "" {
		fmt.Fprintf(w, "  log %s, %s entries, root %s\n", r.Origin, grouped(int64(r.Size)), r.Root)
	}
	if r.OK && len(r.Statements) > 0 && len(r.Statements) <= statementsShown {
		for _, s := range r.Statements {
			fmt.Fprintf(w, "  entry %-4d %s\n", s.Index, s.Sentence)
		}
	}
	for _, s := range r.Statements {
		if s.Kind == "publication" && len(r.Statements) <= statementsShown {
			printPublication(w, s)
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "  BROKEN %s: %s\n", f.What, f.Why)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, "  "+n)
	}
	if r.OK {
		fmt.Fprintln(w, "  "+r.Summary)
	}
}

// printPublication says in words what a publication entry holds.
func printPublication(w io.Writer, s verify.Statement) {
	n := func(key string) string {
		v, _ := s.Body[key].(int64)
		return grouped(v)
	}
	text := func(key string) string {
		v, _ := s.Body[key].(string)
		return v
	}
	fmt.Fprintf(w, "  %s version %s of %s for audience %s: %s rows read = %s published + %s quarantined + %s duplicates + %s suppressed + %s excluded\n",
		s.Dataset, n("version"), text("owner"), text("audience"), n("rows_read"), n("rows"), n("rows_quarantined"), n("rows_duplicates"), n("rows_suppressed"), n("rows_excluded"))
}
