package interchange
import ("testing";"cohortx/xsd";"cohortx/xsd/edfi")
func BenchmarkZCompile(b *testing.B){ b.ReportAllocs(); for b.Loop() { if s,err:=xsd.Compile(edfi.Files,Releases[0].Structure,Releases[0].Namespace);err!=nil{b.Fatal(err)} else if testing.Verbose(){ b.Log(s.NumSlots())} } }
