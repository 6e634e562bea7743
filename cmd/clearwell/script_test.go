package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(tidied{m}, map[string]func(){"clearwell": main})
}

// tidied gives the tests a folder to share, CLEARWELL_TEST_DIR, and removes it after the last.
// Other users may look into it: a test runs the program as one of them.
type tidied struct{ *testing.M }

func (t tidied) Run() int {
	dir, err := os.MkdirTemp("", "clearwell-test-")
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.Setenv("CLEARWELL_TEST_DIR", dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the tests:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	return t.M.Run()
}

// TestScripts runs testdata/script: what each command prints, to the letter. Beside
// the commands of testscript there are
//
//	exits CODE COMMAND ARG...    runs a command that must end with this exit code
//	mask stdout|stderr|FILE      prints it with what differs between runs made equal
//	json FILE [PATH VALUE]...    FILE is JSON; PATH, with dots, is VALUE in it
//	write FILE TEXT              TEXT with the escapes of Go, \x00 too
//	gb18030 FROM TO              transcodes UTF-8
//	flip FILE OFFSET             flips a bit of a byte; negative offsets from the end
//
// go test ./cmd/clearwell -run Scripts -update writes new golden output.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("NO_COLOR", "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "mask": mask, "json": checkJSON, "write": write, "gb18030": gb18030, "flip": flip,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// What differs between two runs on the same input, and what stands for it. Where
// a table follows, the mask is as long as what it hides.
var volatile = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\d{8}T\d{6}\.\d{3}-([a-z-]+)-[0-9a-f]{8}\b`), "YYYYMMDDTHHMMSS.mmm-$1-########"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<sha256>"},
	{regexp.MustCompile(`\bsecret   [0-9a-f]{32}\b`), "secret   <id>"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "<hash>"},
	{regexp.MustCompile(`\b[0-9a-f]{12}…`), "<hash>…"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "YYYY-MM-DDTHH:MM:SSZ"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  `), "YYYY-MM-DD HH:MM:SS  "},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d by`), "YYYY-MM-DD HH:MM by"},
	{regexp.MustCompile(`(?m)^STAGE +TOOK +ROWS/S +MB/S +WAIT$`), "STAGE <figures>"},
	{regexp.MustCompile(`(?m)^(archive|check|publish|record)( +[0-9.,]+(s|ms|µs)?| +-){4}$`), "$1 <figures>"},
	{regexp.MustCompile(`(?m) +TOOK$`), "  TOOK"},
	{regexp.MustCompile(`(?m) +[0-9.]+(m|s|ms|µs)$`), "  <took>"},
}

func mask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mask stdout|stderr|FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.mask)
	}
	fmt.Fprint(ts.Stdout(), text)
}

func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 1 {
		ts.Fatalf("usage: json FILE [PATH VALUE]...")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	if dec.More() {
		ts.Fatalf("%s holds more than one JSON document", args[0])
	}
	for i := 1; i < len(args); i += 2 {
		v := doc
		for _, key := range strings.Split(args[i], ".") {
			switch x := v.(type) {
			case map[string]any:
				v = x[key]
			case []any:
				n, err := strconv.Atoi(key)
				if err != nil || n >= len(x) {
					ts.Fatalf("%s: no element %s of %s", args[0], key, args[i])
				}
				v = x[n]
			default:
				ts.Fatalf("%s: there is no %s", args[0], args[i])
			}
		}
		if got := fmt.Sprint(v); got != args[i+1] {
			ts.Fatalf("%s: %s is %s, want %s", args[0], args[i], got, args[i+1])
		}
	}
}

func write(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: write FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func gb18030(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gb18030 FROM TO")
	}
	text, err := simplifiedchinese.GB18030.NewEncoder().String(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.Chmod(name, 0o644))
	ts.Check(os.WriteFile(name, data, 0o644))
}
