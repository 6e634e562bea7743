package expr

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"clearwell/rules/standard"
)

// functionNames are the functions added to CEL's own, for suggestions.
var functionNames = []string{"cn.id_birth", "cn.id_gender", "date", "year", "size", "matches", "startsWith", "endsWith", "contains", "timestamp", "duration"}

// noAnswer is what a function gives that has no answer for its argument. The
// logical operators absorb it as CEL's do with errors: `false && unknown` is false.
var noAnswer = types.NewUnknown(0, nil)

// functions are the functions added to CEL's own.
func functions() []cel.EnvOption {
	return []cel.EnvOption{
		// cn.id_birth(string): the birth date in a valid 18-character ID number.
		unary("cn.id_birth", cel.StringType, cel.TimestampType, func(v ref.Val) ref.Val {
			days, ok := standard.IDBirth([]byte(v.(types.String)))
			if !ok {
				return noAnswer
			}
			return Day(days)
		}),
		// cn.id_gender(string): "1" male or "2" female, from a valid 18-character ID number.
		unary("cn.id_gender", cel.StringType, cel.StringType, func(v ref.Val) ref.Val {
			code, ok := standard.IDGender([]byte(v.(types.String)))
			if !ok {
				return noAnswer
			}
			return types.String([]byte{code})
		}),
		// date(timestamp): midnight of its day.
		unary("date", cel.TimestampType, cel.TimestampType, func(v ref.Val) ref.Val {
			t := v.(types.Timestamp).UTC()
			return types.Timestamp{Time: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
		}),
		// year(timestamp): its year.
		unary("year", cel.TimestampType, cel.IntType, func(v ref.Val) ref.Val {
			return types.Int(v.(types.Timestamp).UTC().Year())
		}),
	}
}

// unary declares a function of one argument.
func unary(name string, arg, result *cel.Type, f func(ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_"+arg.String(), []*cel.Type{arg}, result, cel.UnaryBinding(f)))
}

// Day is the value of a date field: days since 1970-01-01.
func Day(days int32) ref.Val {
	return types.Timestamp{Time: time.Unix(int64(days)*86400, 0).UTC()}
}

// Micros is the value of a timestamp field: microseconds since 1970-01-01 00:00:00, wall clock.
func Micros(micros int64) ref.Val {
	return types.Timestamp{Time: time.UnixMicro(micros).UTC()}
}
