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

/// Posts `count` bytes to an http or https URL and waits for the answer.
///
/// No redirection is followed and no cookie kept; an answer of more than `limit` bytes, or one that is not whole after `seconds`, is a
/// failure. Certificates and host names are checked. May be called from several threads.
///
/// libcurl is loaded by the first call and not with the program: it brings some twenty libraries along, which every process would wait
/// for, and hardly any command talks to anybody.
void lethe_curl_post(
    const char *url, const char *content_type, const uint8_t *body, size_t count, size_t limit, long seconds,
    lethe_curl_answer *answer);

void lethe_curl_answer_free(lethe_curl_answer *answer);

#endif
