/* A drive that lacks something: preloaded (LD_PRELOAD), it answers as exFAT, SMB and the like do, below the folder DRIVE.
   DRIVE_LACKS names what there isn't: links, modes, locks. DRIVE_ERRNO is the answer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int lacks(const char *what) {
    const char *all = getenv("DRIVE_LACKS");
    return all && strstr(all, what);
}

static int below(const char *path) {
    const char *drive = getenv("DRIVE");
    return drive && strncmp(path, drive, strlen(drive)) == 0;
}

static int path_below(int folder, const char *path) {
    char whole[2 * PATH_MAX], base[PATH_MAX] = "", link[64];
    if (path[0] == '/') return below(path);
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        if (readlink(link, base, sizeof base - 1) < 0) return 0;
    }
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    return below(whole);
}

static int file_below(int file) {
    char path[PATH_MAX] = "", link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && below(path);
}

static int refused(void) {
    const char *number = getenv("DRIVE_ERRNO");
    errno = number ? atoi(number) : EPERM;
    return errno ? -1 : 0; /* some drives say yes, and do nothing */
}

#define NEXT(name) (__typeof__(&name)) dlsym(RTLD_NEXT, #name)

int symlink(const char *target, const char *path) {
    if (lacks("links") && path_below(AT_FDCWD, path)) return refused();
    return (NEXT(symlink))(target, path);
}

int symlinkat(const char *target, int folder, const char *path) {
    if (lacks("links") && path_below(folder, path)) return refused();
    return (NEXT(symlinkat))(target, folder, path);
}

int chmod(const char *path, mode_t mode) {
    if (lacks("modes") && path_below(AT_FDCWD, path)) return refused();
    return (NEXT(chmod))(path, mode);
}

int fchmod(int file, mode_t mode) {
    if (lacks("modes") && file_below(file)) return refused();
    return (NEXT(fchmod))(file, mode);
}

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    if (lacks("modes") && path_below(folder, path)) return refused();
    return (NEXT(fchmodat))(folder, path, mode, flags);
}

int flock(int file, int operation) {
    if (lacks("locks") && file_below(file)) return refused();
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(file, operation);
}

static int control(const char *name, int file, int command, void *argument) {
    if (lacks("locks") && (command == F_SETLK || command == F_SETLKW) && file_below(file)) return refused();
    return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, name))(file, command, argument);
}

#define CONTROL(name)                                  \
    int name(int file, int command, ...) {             \
        va_list more;                                  \
        va_start(more, command);                       \
        void *argument = va_arg(more, void *);         \
        va_end(more);                                  \
        return control(#name, file, command, argument); \
    }

CONTROL(fcntl)
CONTROL(fcntl64)
