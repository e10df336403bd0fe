// OpenSSL 3's libcrypto for Swift. Only what the importer cannot see - macros - is wrapped here; nothing else belongs in this file.
#ifndef LETHE_COPENSSL_SHIM_H
#define LETHE_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "Lethe needs OpenSSL 3 or newer (Debian: libssl-dev)"
#endif

/// The key type of Ed25519 (a chain of macros in OpenSSL).
static inline int lethe_key_type_ed25519(void) { return EVP_PKEY_ED25519; }

/// Reads the authentication tag of a finished AES-GCM encryption; 1 on success.
static inline int lethe_gcm_get_tag(EVP_CIPHER_CTX *context, int length, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, length, tag);
}

/// Sets the authentication tag that an AES-GCM decryption must find; 1 on success.
static inline int lethe_gcm_set_tag(EVP_CIPHER_CTX *context, int length, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, length, tag);
}

/// What a timestamp response is checked for besides what its query fixes: the signature and its certificate chain.
static inline int lethe_ts_verify_signature_too(TS_VERIFY_CTX *context) {
    return TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
}

/// The certificate that signed a token, out of those that it carries and `more`; NULL unless there is exactly one signer. The caller
/// does not own it.
static inline X509 *lethe_pkcs7_signer(PKCS7 *token, STACK_OF(X509) *more) {
    STACK_OF(X509) *signers = PKCS7_get0_signers(token, more, 0);
    X509 *signer = signers != NULL && sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
    sk_X509_free(signers);
    return signer;
}

/// An empty list of certificates.
static inline STACK_OF(X509) *lethe_certificates_new(void) { return sk_X509_new_null(); }

/// One more certificate on a list, which then holds a reference of its own; 1 on success.
static inline int lethe_certificates_add(STACK_OF(X509) *list, X509 *certificate) {
    if (X509_up_ref(certificate) != 1) return 0;
    if (sk_X509_push(list, certificate) > 0) return 1;
    X509_free(certificate);
    return 0;
}

/// The end of a list and of its references.
static inline void lethe_certificates_free(STACK_OF(X509) *list) { sk_X509_pop_free(list, X509_free); }

#endif
