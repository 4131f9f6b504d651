/* A disk that takes its time, by LD_PRELOAD: fsync(2) of anything sleeps for as many seconds as SLOW_DISK says. */
#include <stdlib.h>
#include <unistd.h>

int fsync(int file)
{
    (void)file;
    const char *seconds = getenv("SLOW_DISK");
    if (seconds)
        sleep((unsigned)atoi(seconds));
    return 0;
}
