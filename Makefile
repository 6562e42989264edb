# `make demo` and `make test` need no other command before them. `make help` lists the targets.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME   ?= 10m
BENCH_SIZE ?= 100000,1000000
BENCH_RUNS ?= 3

COUNT      ?= 20000
SEED       ?= 1

.PHONY: help deps build demo test test-report lint fuzz oracle bench bench-large profile clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r target what; do printf '  make %-11s %s\n' "$$target" "$$what"; done

# A C compiler and libxml2 are what the build needs; xmllint and sqlite3 are for the demo, the benchmark and some tests.
deps: ## install what is missing of gcc, pkg-config, libxml2, xmllint and sqlite3
	@need=() nice=()
	command -v gcc >/dev/null                          || need+=(gcc libc6-dev)
	command -v pkg-config >/dev/null                   || need+=(pkg-config)
	pkg-config --exists libxml-2.0 2>/dev/null         || need+=(libxml2-dev)
	command -v xmllint >/dev/null                      || nice+=(libxml2-utils)
	command -v sqlite3 >/dev/null                      || nice+=(sqlite3)
	for also in $(ALSO); do command -v $$also >/dev/null || need+=($$also); done
	missing=("$${need[@]}" "$${nice[@]}")
	if [ $${#missing[@]} = 0 ]; then exit 0; fi
	if ! command -v apt-get >/dev/null; then
		echo "Missing here (Debian names): $${missing[*]}. There is no apt-get; please install them by your system's means." >&2
		if [ $${#need[@]} = 0 ]; then exit 0; else exit 1; fi
	fi
	sudo=
	if [ "$$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || { echo "Missing: $${missing[*]}. As root: apt-get install $${missing[*]}" >&2; exit 1; }
		sudo=sudo
	fi
	echo "Installing $${missing[*]}"
	$$sudo apt-get update -qq
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null

# Linked statically, cohortx starts a quarter faster: nothing has to be found, mapped and relocated, of which libxml2 alone would want
# ICU, zlib, lzma and the C++ library. It is never given what it wants them for, other encodings than UTF-8 and compressed files; so they are left
# out, and a call of them would end the program (UNUSED). Of the functions for threads, libxml2 uses those that are there for other reasons (NEEDED).
# Where that cannot be linked, or cannot judge a file, and with STATIC=no, the system's shared libraries are used.
STATIC ?= yes
UNUSED  = ucnv_|UCNV_|gz|inflate|deflate|lzma_|crc32
NEEDED  = once getspecific setspecific key_create key_delete mutex_init mutex_destroy mutex_lock mutex_unlock cond_init cond_destroy cond_wait cond_signal equal self

build: deps ## build bin/cohortx and bin/cohortgen; STATIC=no uses the shared libraries
	@# -pgo tells the compiler which functions are worth inlining, see `make profile`: validate takes a twelfth less. The tags leave out a Markdown
	@# parser and HTTP/2; -X, what the Go runtime would note of memory in case of a profile, which --memprofile asks for, and its check of what is
	@# given to C, which the tests have.
	build() {
		go build -pgo=cmd/cohortx/cohortx.pgo -tags "urfave_cli_no_docs,nethttpomithttp2$${1:-}" -ldflags "-X main.version=$(VERSION) -X runtime.godebugDefault=memprofilerate=0,cgocheck=0 $${2:-}" -o bin/ ./cmd/...
	}
	library=$$($$(go env CC) -print-file-name=libxml2.a)
	if [ "$(STATIC)" = yes ] && [ -e "$$library" ]; then
		unused=$$(nm -u "$$library" 2>/dev/null | sed -nE 's/^ *U (($(UNUSED)).*)$$/-Wl,--defsym=\1=abort/p' | sort -u)
		link="-static $(NEEDED:%=-Wl,-u,pthread_%) $${unused//$$'\n'/ } -lm"
		if build ,netgo,osusergo "-linkmode external -extldflags '$$link'" 2>/dev/null && bin/cohortx validate --judge libxml2 samples/2.0/scenario1.xml >/dev/null 2>&1; then exit 0; fi
	fi
	if [ "$(STATIC)" = yes ]; then echo "Using the shared libxml2: the static one cannot be linked here. That works as well, but starts more slowly."; fi
	build

demo: build ## the certification scenarios and 10,000 generated associations, in a new folder demo/
	@rm -rf demo && mkdir demo && cd demo
	export PATH="$(CURDIR)/bin:$$PATH"; unset COHORTX_DB
	say() { printf '\n\n%s\n' "== $$* =="; }
	try() { printf '\n$$ %s\n' "$$1"; eval "$$1"; }
	ln -s ../samples samples

	say "A store with two schools, two students and two cohorts"
	try 'cohortx import --db cohorts.db samples/2.0/education-organizations.xml samples/2.0/students.xml samples/2.0/staff.xml samples/2.0/cohorts.xml'
	say "Scenario 1: a student joins a cohort"
	try 'cohortx import --db cohorts.db samples/2.0/scenario1.xml'
	say "Scenario 2: another one joins another"
	try 'cohortx import --db cohorts.db samples/2.0/scenario2.xml'
	say "Scenario 3: the first association gets its end date"
	try 'cohortx import --db cohorts.db samples/2.0/scenario3.xml'
	say "What is stored"
	try 'sqlite3 -header -column cohorts.db "SELECT * FROM student_cohort_associations"'
	try 'cohortx runs --db cohorts.db'
	say "Out again: everything, and what is active today; judged by cohortx and by xmllint"
	try 'cohortx export --db cohorts.db -o all.xml'
	try 'cohortx export --db cohorts.db --current -o current.xml'
	try 'cohortx validate all.xml current.xml'
	try 'cohortx schema --release 2.0 > cohort-2.0.xsd'
	try 'xmllint --noout --schema cohort-2.0.xsd all.xml current.xml'
	say "A file with six faults, checked without a store"
	try 'cohortx validate samples/2.0/faults.xml || true'

	say "10,000 associations"
	try 'cohortgen --associations 10000 --out generated'
	try 'cohortx validate generated'
	try 'cohortx import --db generated.db generated'
	try 'sqlite3 -header -column generated.db "SELECT count(*) AS associations, count(DISTINCT student_unique_id) AS students, count(end_date) AS ended FROM student_cohort_associations"'
	try 'sqlite3 -header -column generated.db "SELECT education_organization_id, cohort_identifier, count(*) AS members FROM student_cohort_associations WHERE end_date IS NULL GROUP BY 1, 2 ORDER BY members DESC, 1, 2 LIMIT 3"'
	try 'cohortx export --db generated.db -o generated.xml'
	try 'xmllint --noout --schema cohort-2.0.xsd generated.xml'
	say "The same file again changes nothing"
	try 'cohortx import --db generated.db generated'
	printf '\nThe stores and files are in demo/.\n'

test: deps ## run the tests
	@command -v xmllint >/dev/null || echo "xmllint (libxml2-utils) is absent: tests that compare with it are skipped."
	command -v chromium >/dev/null || echo "Chromium is absent: the pages of reports are not opened. make test-report installs it and opens them."
	go test ./...

test-report: ## open reports in Chromium, which it installs where it is missing, that of 1,000,000 associations too; SHOTS=FOLDER keeps what it saw
	@$(MAKE) deps ALSO=chromium
	shots="$(SHOTS)"
	[ -z "$$shots" ] || { mkdir -p "$$shots"; shots=$$(realpath "$$shots"); }
	REPORT_SHOTS="$$shots" REPORT_LARGE=1 go test ./interchange/report -run Page_ -count 1 -v

# Which package imports which other packages of this module. What is not here may not be.
define ROOMS
cmd/cohortx            *
cmd/cohortx/early
cmd/cohortbench
cmd/cohortgen          interchange
interchange            interchange/dictionary xsd xsd/edfi xsd/scan
interchange/batch      interchange interchange/dictionary interchange/reference interchange/report interchange/resource interchange/roster interchange/source store xsd xsd/scan
interchange/dictionary
interchange/drop       interchange interchange/batch interchange/report interchange/source store
interchange/reference  interchange xsd
interchange/report     interchange
interchange/resource   interchange xsd xsd/scan
interchange/roster     interchange interchange/source xsd xsd/scan
interchange/source     xsd/scan
store                  interchange interchange/dictionary
xsd                    xsd/scan
xsd/edfi
xsd/scan
endef
export ROOMS

lint: deps ## gofmt -s, go vet, staticcheck, the arrows between packages, the names at the top level
	@ok=0
	complain() { echo "lint: $$*" >&2; ok=1; }
	echo "gofmt -s";     unformatted=$$(git ls-files -co --exclude-standard '*.go' | while read -r f; do [ ! -e "$$f" ] || echo "$$f"; done | xargs gofmt -s -l)
	[ -z "$$unformatted" ] || complain "gofmt -s -w" $$unformatted
	echo "go vet";       go vet ./... || complain "go vet"
	echo "staticcheck";  go tool staticcheck ./... || complain "staticcheck"

	echo "arrows between packages"
	go list -f '{{$$p := .ImportPath}}{{$$p}}{{"\n"}}{{range .Imports}}{{$$p}} {{.}}{{"\n"}}{{end}}' ./... | awk '
		BEGIN {
			n = split(ENVIRON["ROOMS"], line, "\n")
			for (i = 1; i <= n; i++) {
				m = split(line[i], f, " ")
				if (m) known[f[1]] = 1
				for (j = 2; j <= m; j++) may[f[1], f[j]] = 1
			}
		}
		{ sub(/^cohortx\//, "", $$1) }
		NF == 1 && !($$1 in known) { print "  " $$1 " is no package that the Makefile knows (ROOMS)"; bad = 1 }
		NF == 2 && sub(/^cohortx\//, "", $$2) && !(($$1, "*") in may) && !(($$1, $$2) in may) { print "  " $$1 " may not import " $$2; bad = 1 }
		END { exit bad }' >&2 || complain "an import that the architecture forbids"

	# "cohortx" is the name of the module and the prefix of our C functions.
	echo "no word of cohorts in xsd"
	! ls xsd/*.go xsd/scan/*.go | grep -v _test.go | xargs awk '{ s = tolower($$0); gsub(/cohortx[\/_]/, "", s) } s ~ /cohort/ { print "  " FILENAME ":" FNR ": " $$0 }' | grep . >&2 \
		|| complain "xsd must not know what a cohort is"

	echo "names at the top level"
	strange=$$(git ls-files | cut -d/ -f1 | sort -u | grep -vxE 'cmd|interchange|samples|store|xsd|CHANGELOG.md|LICENSE|Makefile|README.md|go.mod|go.sum|\..*' || true)
	[ -z "$$strange" ] || complain "not at the top level:" $$strange
	exit $$ok

fuzz: deps ## run each fuzzer for FUZZTIME (10m)
	@for package in $$(go list ./...); do
		for name in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do
			echo "$$package $$name, $(FUZZTIME)"
			go test -run '^$$' -fuzz "^$$name$$" -fuzztime "$(FUZZTIME)" -fuzzminimizetime 1s "$$package"
		done
	done

oracle: deps ## hold our verdicts against libxml2's by the official Ed-Fi XSDs anywhere below XSD=FOLDER, COUNT (20000) documents of each release
	@if [ -z "$(XSD)" ]; then
		echo "Which XSDs? make oracle XSD=FOLDER, where FOLDER has, anywhere below, an Interchange-StudentCohort.xsd with what it includes for each release." >&2
		echo "They are in github.com/Ed-Fi-Alliance-OSS/Ed-Fi-Data-Standard, tags v2.0.0 to v5.2.0: Schemas/, from 3.1 on Schemas/Bulk/." >&2
		exit 1
	fi
	go test -c -o bin/oracle.test ./xsd
	ORACLE_XSD="$(abspath $(XSD))" ORACLE_COUNT="$(COUNT)" ORACLE_SEED="$(SEED)" bin/oracle.test -test.run '^TestOracle$$' -test.timeout 0

bench: build ## speed and memory for BENCH_SIZE (100000,1000000) associations of both releases, against xmllint and sqlite3 in the same run
	@bin/cohortbench -n "$(BENCH_SIZE)" -rounds "$(BENCH_RUNS)" -json bench/result.json

bench-large: build ## the same for 1,000,000 and 10,000,000 associations; it says first how much disk it needs
	@bin/cohortbench -n 1000000,10000000 -rounds "$(BENCH_RUNS)" -json bench/result-large.json

profile: ## run the large commands of the benchmark once more, to learn where their time goes: cmd/cohortx/cohortx.pgo, by which `make build` compiles
	@rm -rf bench/profiles && mkdir -p bench/profiles
	GOFLAGS=-trimpath $(MAKE) build
	bin/cohortbench -n 1000000 -rounds 1 -profiles bench/profiles
	go tool pprof -proto bin/cohortx bench/profiles/*.cpu > bench/cohortx.pgo
	mv bench/cohortx.pgo cmd/cohortx/cohortx.pgo

clean: ## remove what was built and generated
	@rm -rf bin demo bench
