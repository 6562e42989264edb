package main

/*
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

// Threads share the first arena. An arena of its own, which glibc would map, cut to size and unmap again for each thread at its start, would
// take a thirtieth of the time of checking a small file, while what is in C, SQLite, locks its memory anyway.
__attribute__((constructor)) static void share_arena(void) { mallopt(M_ARENA_MAX, 1); }
#endif
*/
import "C"
