package expr

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"clearwell/rules/standard"
)

// functionNames are the functions added to CEL's own, for suggestions.
var functionNames = []string{"cn.id_birth", "cn.id_gender", "date", "year", "month", "day", "weekday", "days_between", "size", "lowerAscii", "upperAscii", "trim", "matches", "startsWith", "endsWith", "contains", "timestamp", "duration"}

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
		// month(timestamp): its month, 1 to 12.
		unary("month", cel.TimestampType, cel.IntType, func(v ref.Val) ref.Val {
			return types.Int(v.(types.Timestamp).UTC().Month())
		}),
		// day(timestamp): its day of the month, 1 to 31.
		unary("day", cel.TimestampType, cel.IntType, func(v ref.Val) ref.Val {
			return types.Int(v.(types.Timestamp).UTC().Day())
		}),
		// weekday(timestamp): its day of the week, Monday 1 to Sunday 7.
		unary("weekday", cel.TimestampType, cel.IntType, func(v ref.Val) ref.Val {
			return types.Int((v.(types.Timestamp).UTC().Weekday()+6)%7 + 1)
		}),
		// days_between(timestamp, timestamp): calendar days from the first to the second, negative if it is earlier.
		cel.Function("days_between", cel.Overload("days_between_timestamps", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val { return types.Int(dayOf(b) - dayOf(a)) }))),
	}
}

// dayOf is the number of the day since 1970-01-01 that a timestamp lies in.
func dayOf(v ref.Val) int64 {
	seconds := v.(types.Timestamp).Unix()
	return (seconds - ((seconds%86400)+86400)%86400) / 86400
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
