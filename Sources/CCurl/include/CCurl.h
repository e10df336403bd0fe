#ifndef LETHE_CCURL_H
#define LETHE_CCURL_H

#include <stddef.h>
#include <stdint.h>

/// What came back from a POST. Give it to `lethe_curl_answer_free`.
typedef struct {
    /// The status of HTTP, and the body with its length; only where `failure` is empty.
    long status;
    uint8_t *body;
    size_t count;
    /// The value of Content-Type, cut to fit.
    char content_type[128];
    /// Why there is no answer; empty where there is one.
    char failure[320];
} lethe_curl_answer;

/// What is to be posted, and how.
typedef struct {
    const char *url;
    /// The value of Content-Type.
    const char *content_type;
    /// Further header fields, each `Name: value` and a newline; NULL for none.
    const char *headers;
    const uint8_t *body;
    size_t count;
    /// The most bytes that an answer may have, and the seconds after which it must be whole.
    size_t limit;
    long seconds;
    /// Where given: https alone, no proxy, and no connection but to an address of which this says other than 0. The address has 4 or 16
    /// bytes in network order; it is asked with what the name resolved to, right before the connection, so no name can change its mind.
    int (*may_reach)(const uint8_t *address, size_t count);
} lethe_curl_request;

/// Posts to an http or https URL and waits for the answer.
///
/// No redirection is followed and no cookie kept; an answer above the limit, or one that is not whole in time, is a failure. Certificates
/// and host names are checked. May be called from several threads.
///
/// libcurl is loaded by the first call and not with the program: it brings some twenty libraries along, which every process would wait
/// for, and hardly any command talks to anybody.
void lethe_curl_post(const lethe_curl_request *request, lethe_curl_answer *answer);

void lethe_curl_answer_free(lethe_curl_answer *answer);

#endif
