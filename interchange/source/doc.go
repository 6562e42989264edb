// Package source opens what a user names on the command line: files, folders, members of zip archives, standard input.
//
//	inputs, err := source.Expand([]string{"drop/"})
//	stream, err := inputs[0].Open(ctx, source.Options{})
//	... read UTF-8 from stream ...
//	sum := stream.Fingerprint() // of the file as it is stored
//
// gzip is recognised by content and decompressed on a goroutine of its own, guarded against inputs that are almost nothing but
// repetition. Text in UTF-16 (with a byte-order mark), ISO-8859-1, Windows-1252 and US-ASCII becomes UTF-8 on the way; a byte that its
// encoding does not have is an error with its place, never a replacement character. An [Input] can be opened again: standard input is kept
// in a temporary file without a name from the first reading on.
package source
