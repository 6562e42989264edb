package main

// release is one form of the interchange that can be written.
type release struct {
	Name, Namespace string
	// Descriptors says that types are written as descriptor URIs and sections by their identifier, as from release 3.1
	// on; before it they are enumeration values and structured references.
	Descriptors bool
}

var releases = []release{
	{Name: "2.0", Namespace: "http://ed-fi.org/0200"},
	{Name: "5.2", Namespace: "http://ed-fi.org/5.2.0", Descriptors: true},
}

func releaseNames() []string {
	names := make([]string, len(releases))
	for i, r := range releases {
		names[i] = r.Name
	}
	return names
}

func releaseNamed(name string) (release, bool) {
	for _, r := range releases {
		if r.Name == name {
			return r, true
		}
	}
	return release{}, false
}

// descriptor is the value of a coded element: a URI where the release has descriptors, else the value alone.
func (r release) descriptor(kind, value string) string {
	if r.Descriptors {
		return "uri://ed-fi.org/" + kind + "Descriptor#" + value
	}
	return value
}

// structured is the content of an element that refers to a descriptor. In release 2.0 it has a CodeValue child.
func (r release) structured(kind, value string) string {
	if r.Descriptors {
		return r.descriptor(kind, value)
	}
	return "<CodeValue>" + value + "</CodeValue>"
}

func (r release) open(interchange string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Interchange" + interchange + ` xmlns="` + r.Namespace +
		`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + r.Namespace +
		" Interchange-" + interchange + `.xsd">` + "\n"
}
