// Package scan reads XML: it cuts a stream into blocks between the children of the root element, and turns the blocks into tokens.
//
// It checks everything that XML 1.0 (fifth edition) and Namespaces in XML 1.0 call well-formed, of text in UTF-8, and it refuses what this
// project never reads: a DOCTYPE, a NUL, any XML version but 1.0, and whatever is beyond the limits of [Options]. It knows nothing of
// schemas. Every [Error] has its place and a [Code] that scripts may rely on.
//
// A [Splitter] runs through the stream at the speed of memory; it looks at tags, quotes, comments, CDATA sections and processing
// instructions only as far as that is needed to know where a child of the root ends. The blocks can be given to any number of
// goroutines, each with a [Scanner] of its own. What the scanners say does not depend on where the blocks were cut:
//
//	splitter, err := scan.Split(ctx, reader, scan.Options{}) // has read the root's start tag
//	for {
//		block, err := splitter.Next() // io.EOF at the end of a whole document
//		...
//		scanner.Reset(block)
//		for {
//			kind, err := scanner.Next() // scan.EndOfBlock at the end of the block
//			...
//		}
//		block.Release()
//	}
//
// A scanner allocates nothing per token: names, attributes and text are slices of the block, or of a buffer that the next token overwrites.
package scan
