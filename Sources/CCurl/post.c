#include "CCurl.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Of curl.h only what is used here; libcurl never changes a number (https://curl.se/libcurl/abi.html).
typedef void CURL;
struct curl_slist;
enum {
    CURL_GLOBAL_DEFAULT = 3,
    CURLOPT_WRITEDATA = 10001,
    CURLOPT_URL = 10002,
    CURLOPT_PROXY = 10004,
    CURLOPT_ERRORBUFFER = 10010,
    CURLOPT_WRITEFUNCTION = 20011,
    CURLOPT_TIMEOUT = 13,
    CURLOPT_POSTFIELDS = 10015,
    CURLOPT_HTTPHEADER = 10023,
    CURLOPT_POST = 47,
    CURLOPT_FOLLOWLOCATION = 52,
    CURLOPT_NOSIGNAL = 99,
    CURLOPT_POSTFIELDSIZE_LARGE = 30120,
    CURLOPT_PROTOCOLS_STR = 10318,
    CURLOPT_OPENSOCKETFUNCTION = 20163,
    CURLOPT_OPENSOCKETDATA = 10164,
    CURL_SOCKET_BAD = -1,
    CURLINFO_CONTENT_TYPE = 0x100012,
    CURLINFO_RESPONSE_CODE = 0x200002,
    CURL_ERROR_SIZE = 256,
};

// What libcurl asks a socket for (CURLOPT_OPENSOCKETFUNCTION).
struct curl_sockaddr {
    int family, socktype, protocol;
    unsigned int addrlen;
    struct sockaddr addr;
};

static struct {
    int (*global_init)(long);
    CURL *(*init)(void);
    int (*setopt)(CURL *, int, ...);
    int (*perform)(CURL *);
    int (*getinfo)(CURL *, int, ...);
    void (*cleanup)(CURL *);
    const char *(*strerror)(int);
    struct curl_slist *(*append)(struct curl_slist *, const char *);
    void (*free_all)(struct curl_slist *);
    int is_ready;
} curl;

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    // POSIX has dlsym return functions through void pointers.
    *(void **)&curl.global_init = dlsym(library, "curl_global_init");
    *(void **)&curl.init = dlsym(library, "curl_easy_init");
    *(void **)&curl.setopt = dlsym(library, "curl_easy_setopt");
    *(void **)&curl.perform = dlsym(library, "curl_easy_perform");
    *(void **)&curl.getinfo = dlsym(library, "curl_easy_getinfo");
    *(void **)&curl.cleanup = dlsym(library, "curl_easy_cleanup");
    *(void **)&curl.strerror = dlsym(library, "curl_easy_strerror");
    *(void **)&curl.append = dlsym(library, "curl_slist_append");
    *(void **)&curl.free_all = dlsym(library, "curl_slist_free_all");
    curl.is_ready = curl.global_init && curl.init && curl.setopt && curl.perform && curl.getinfo && curl.cleanup &&
                    curl.strerror && curl.append && curl.free_all && curl.global_init(CURL_GLOBAL_DEFAULT) == 0;
}

struct received {
    uint8_t *bytes;
    size_t count, limit;
    int is_above;
};

static size_t receive(const char *bytes, size_t size, size_t count, void *to) {
    struct received *received = to;
    size_t added = size * count;
    if (added > received->limit - received->count) {
        received->is_above = 1;
        return 0;
    }
    if (added == 0) return 0;
    uint8_t *grown = realloc(received->bytes, received->count + added);
    if (!grown) return 0;
    memcpy(grown + received->count, bytes, added);
    received->bytes = grown;
    received->count += added;
    return added;
}

struct reach {
    int (*may_reach)(const uint8_t *address, size_t count);
    int is_refused;
};

// A socket for an address that may be reached: the last word, after the name was resolved.
static int open_socket(void *data, int purpose, struct curl_sockaddr *wanted) {
    (void)purpose;
    struct reach *reach = data;
    uint8_t address[16];
    size_t count = 0;
    // Copied: what libcurl hands over need not be aligned for the larger types.
    if (wanted->family == AF_INET && wanted->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in found;
        memcpy(&found, &wanted->addr, sizeof found);
        count = sizeof found.sin_addr;
        memcpy(address, &found.sin_addr, count);
    } else if (wanted->family == AF_INET6 && wanted->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 found;
        memcpy(&found, &wanted->addr, sizeof found);
        count = sizeof found.sin6_addr;
        memcpy(address, &found.sin6_addr, count);
    }
    if (count == 0 || !reach->may_reach(address, count)) {
        reach->is_refused = 1;
        return CURL_SOCKET_BAD;
    }
    return socket(wanted->family, wanted->socktype | SOCK_CLOEXEC, wanted->protocol);
}

// The lines of `text` behind the headers that there are; NULL where memory is short, and then nothing is left.
static struct curl_slist *append_lines(struct curl_slist *headers, const char *text) {
    while (headers && text && *text) {
        size_t count = strcspn(text, "\n");
        char *line = strndup(text, count);
        struct curl_slist *longer = line ? curl.append(headers, line) : NULL;
        free(line);
        if (!longer) curl.free_all(headers);
        headers = longer;
        text += count + (text[count] != 0);
    }
    return headers;
}

static struct curl_slist *all_headers(const lethe_curl_request *request) {
    char type[160];
    snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
    struct curl_slist *headers = curl.append(NULL, type);
    // An empty Expect: the body goes out with the request, whatever its length.
    headers = append_lines(headers, "Expect:");
    return append_lines(headers, request->headers);
}

static int set_options(
    CURL *handle, const lethe_curl_request *request, struct curl_slist *headers, struct received *received,
    struct reach *reach, char *error) {
    int failed = curl.setopt(handle, CURLOPT_URL, request->url);
    failed |= curl.setopt(handle, CURLOPT_PROTOCOLS_STR, reach->may_reach ? "https" : "http,https");
    failed |= curl.setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= curl.setopt(handle, CURLOPT_POST, 1L);
    failed |= curl.setopt(handle, CURLOPT_POSTFIELDS, (const char *)request->body);
    failed |= curl.setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (int64_t)request->count);
    failed |= curl.setopt(handle, CURLOPT_HTTPHEADER, headers);
    failed |= curl.setopt(handle, CURLOPT_TIMEOUT, request->seconds);
    failed |= curl.setopt(handle, CURLOPT_NOSIGNAL, 1L);
    failed |= curl.setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    failed |= curl.setopt(handle, CURLOPT_WRITEDATA, received);
    failed |= curl.setopt(handle, CURLOPT_ERRORBUFFER, error);
    if (reach->may_reach) {
        // A proxy would resolve the name by itself, out of sight. Empty: none, whatever the environment names.
        failed |= curl.setopt(handle, CURLOPT_PROXY, "");
        failed |= curl.setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        failed |= curl.setopt(handle, CURLOPT_OPENSOCKETDATA, reach);
    }
    return failed;
}

void lethe_curl_post(const lethe_curl_request *request, lethe_curl_answer *answer) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    memset(answer, 0, sizeof *answer);
    pthread_once(&once, load);
    CURL *handle = curl.is_ready ? curl.init() : NULL;
    if (!handle) {
        snprintf(answer->failure, sizeof answer->failure, "libcurl.so.4 (7.85 or newer) cannot be loaded");
        return;
    }
    char error[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = all_headers(request);
    struct received received = {NULL, 0, request->limit, 0};
    struct reach reach = {request->may_reach, 0};
    if (!headers || set_options(handle, request, headers, &received, &reach, error) != 0) {
        snprintf(answer->failure, sizeof answer->failure, "the request cannot be prepared");
    } else {
        int code = curl.perform(handle);
        const char *found = NULL;
        if (received.is_above) {
            snprintf(answer->failure, sizeof answer->failure, "the answer is above %zu bytes", request->limit);
        } else if (code != 0 && reach.is_refused) {
            snprintf(answer->failure, sizeof answer->failure, "the host has no address of the public internet");
        } else if (code != 0) {
            snprintf(answer->failure, sizeof answer->failure, "%s", error[0] ? error : curl.strerror(code));
        } else if (curl.getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status) != 0 || answer->status == 0) {
            snprintf(answer->failure, sizeof answer->failure, "the answer has no status");
        } else if (curl.getinfo(handle, CURLINFO_CONTENT_TYPE, &found) == 0 && found) {
            snprintf(answer->content_type, sizeof answer->content_type, "%s", found);
        }
    }
    answer->body = received.bytes;
    answer->count = received.count;
    curl.free_all(headers);
    curl.cleanup(handle);
}

void lethe_curl_answer_free(lethe_curl_answer *answer) {
    free(answer->body);
    answer->body = NULL;
}
