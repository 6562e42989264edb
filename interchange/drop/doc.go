// Package drop processes a folder that a student information system puts its files into, night after night, without anybody looking on.
//
//	FOLDER/inbox       where files arrive
//	FOLDER/work        what is being applied, a folder for each run: run12
//	FOLDER/archive     what was applied, with its report and rejects: cohorts.run12.xml, cohorts.run12.rejects.xml, run12.report.html
//	FOLDER/quarantine  what was refused, likewise
//
//	d, err := drop.Open(drop.Options{Folder: "/srv/cohorts", Import: options})
//	defer d.Close()
//	look, err := d.Once(ctx)
//
// What lies ready in the inbox is one drop and becomes one run. The promises:
//
//   - A file moves by rename only and takes no other's place. It is at any moment in one of the four folders, whole.
//   - All files of a drop are claimed or none: work/run12.claiming gets the name work/run12 when it is complete.
//   - After a crash the next start completes what it finds in work. The store says whether the run was committed: then its files are put
//     away; otherwise they are applied again, as a new run. Files in work are never given back to the inbox once they are claimed.
//   - What is no regular file is never opened.
//   - One process works on a folder at a time, one run on a store: locks of the operating system, which a dead process cannot hold.
//
// A crash may come between any two steps; [Options.At] lets tests have it there.
package drop
