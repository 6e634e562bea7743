//go:build !unix

package archive

// explainSpace leaves the message of the system as it is.
func explainSpace(_ string, err error) error { return err }
