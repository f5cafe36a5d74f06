/*
 * Preloaded into a program, it keeps what a power cut would leave of the files below POWER_CUT_FROM: at each fsync the
 * file as it is then goes to POWER_CUT_TO, under its base name. What was written and not flushed is not there. Removals
 * count at once: a file system with a journal flushes them with whatever is flushed next.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* The name under which a file is kept; 0 for one that is not below POWER_CUT_FROM. */
static int kept_name(const char *path, char *kept, size_t size) {
  const char *from = getenv("POWER_CUT_FROM"), *to = getenv("POWER_CUT_TO");
  if (!from || !to) return 0;
  size_t prefix = strlen(from);
  if (strncmp(path, from, prefix) != 0 || path[prefix] != '/') return 0;
  snprintf(kept, size, "%s/%s", to, strrchr(path, '/') + 1);
  return 1;
}

static void keep(int fd) {
  char link[64], path[PATH_MAX], draft[2 * PATH_MAX], kept[PATH_MAX];
  static char bytes[1 << 16];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  if (!kept_name(path, kept, sizeof kept)) return;
  snprintf(draft, sizeof draft, "%s.draft", kept);
  int out = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) return;
  /* By its own descriptor: to close another one of the file would drop the program's locks on it. */
  ssize_t n;
  for (off_t at = 0; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n)
    if (write(out, bytes, n) != n) abort();
  close(out);
  /* Whole or not at all: the program may be killed meanwhile. */
  if (n == 0) rename(draft, kept);
}

static int flush(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  int result = real(fd);
  if (result == 0) {
    pthread_mutex_lock(&one_at_a_time);
    keep(fd);
    pthread_mutex_unlock(&one_at_a_time);
  }
  return result;
}

int fsync(int fd) { return flush("fsync", fd); }
int fdatasync(int fd) { return flush("fdatasync", fd); }

int unlink(const char *path) {
  int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
  char kept[PATH_MAX];
  int result = real(path);
  if (result == 0 && kept_name(path, kept, sizeof kept)) real(kept);
  return result;
}
