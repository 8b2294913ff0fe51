/* Tells systemd (or whoever set NOTIFY_SOCKET) about the state; sd_notify(3) without its library.
 */
#ifndef PH_MAIN_NOTIFY_H
#define PH_MAIN_NOTIFY_H

/* "READY=1", "STOPPING=1". Without a socket nothing happens. */
void ph_notify(const char *state);

#endif
