// OpenSSL 3's libcrypto for Swift. Only what the importer cannot see - macros - is wrapped here; nothing else belongs in this file.
#ifndef LETHE_COPENSSL_SHIM_H
#define LETHE_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

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

#endif
