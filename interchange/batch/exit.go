package batch

// The exit statuses of the program.
const (
	ExitOK        = 0   // all applied
	ExitFailed    = 1   // could not run (usage, environment); nothing changed
	ExitRejects   = 2   // applied, with rejects
	ExitRefused   = 3   // refused and rolled back: not well-formed, root invalid, too many rejects
	ExitLocked    = 4   // another run holds the store
	ExitHeldBack  = 5   // applied, but removals were held back
	ExitInterrupt = 130 // interrupted, rolled back
)

// Worst is the exit status of several: the first of 130, 4, 1, 3, 5, 2, 0 that occurred.
func Worst(statuses ...int) int {
	for _, s := range []int{ExitInterrupt, ExitLocked, ExitFailed, ExitRefused, ExitHeldBack, ExitRejects} {
		for _, x := range statuses {
			if x == s {
				return s
			}
		}
	}
	return ExitOK
}

// Succeeded reports whether a run with this exit status has brought the store up to date: with rejects too, but not when something waits for
// a person's decision.
func Succeeded(status int) bool { return status == ExitOK || status == ExitRejects }
