// Certificates and keys that cannot be used: what is wrong, and what to do.
#include "tests/support/temporary_folder.hpp"

#include "server/tls_context.hpp"
#include "server/tls_handles.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace gatepost::server {
namespace {

std::string content_of(const TlsBio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key, const char* passphrase = nullptr) {
    const TlsBio bio(BIO_new(BIO_s_mem()));
    const auto* octets = reinterpret_cast<const unsigned char*>(passphrase);
    PEM_write_bio_PrivateKey(bio.get(), key, passphrase == nullptr ? nullptr : EVP_aes_256_cbc(), octets,
                             passphrase == nullptr ? 0 : 1, nullptr, nullptr);
    return content_of(bio);
}

// Valid from 1 January 1970 up to `until`.
std::string certificate_pem(EVP_PKEY* key, std::time_t until) {
    const TlsCertificate certificate(X509_new());
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until);
    X509_set_pubkey(certificate.get(), key);
    X509_sign(certificate.get(), key, EVP_sha256());
    const TlsBio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate.get());
    return content_of(bio);
}

class KeyPairs : public testing::Test {
  protected:
    std::string write(const char* name, const std::string& text) {
        std::ofstream(folder_.path() / name) << text;
        return (folder_.path() / name).string();
    }
    std::string problem_with(const std::string& certificate, const std::string& private_key) {
        config::Tls settings;
        settings.certificate = certificate_ = write("cert.pem", certificate);
        settings.private_key_file = key_file_ = write("key.pem", private_key);
        std::string problem;
        loaded_ = TlsContext::load(settings, std::make_shared<TicketKeys>(), problem);
        return problem;
    }

    const tests::TemporaryFolder folder_;
    const TlsKey key_{EVP_EC_gen("P-256")};
    const std::string valid_ = certificate_pem(key_.get(), 4102444800);  // 2100
    std::string certificate_;
    std::string key_file_;
    std::shared_ptr<TlsContext> loaded_;
};

TEST_F(KeyPairs, TellWhatToDo) {
    const std::string key = key_pem(key_.get());
    EXPECT_EQ(problem_with(valid_, key), "");
    EXPECT_EQ(loaded_->warnings(), std::vector<std::string>());

    EXPECT_EQ(problem_with(valid_, key_pem(key_.get(), "x")),
              "tls.private_key: it is encrypted, and nobody is there to type the passphrase; decrypt it with "
              "openssl pkey -in " +
                  key_file_ + " -out " + key_file_);
    EXPECT_TRUE(problem_with(valid_, key.substr(0, key.size() / 2))
                    .starts_with("tls.private_key: its PEM is cut off or damaged"));
    EXPECT_EQ(problem_with(valid_, "x"), "tls.private_key: no private key in PEM");
    EXPECT_EQ(problem_with(valid_.substr(0, valid_.size() / 2), key),
              "tls.certificate " + certificate_ + ": its PEM is cut off or damaged; copy it anew");
    EXPECT_EQ(problem_with("x", key), "tls.certificate " + certificate_ + ": no certificate in PEM");
    const TlsKey other(EVP_EC_gen("P-256"));
    EXPECT_EQ(problem_with(valid_, key_pem(other.get())),
              "tls.private_key does not belong to " + certificate_);
}

TEST_F(KeyPairs, WarnOfACertificateThatHasExpired) {
    EXPECT_EQ(problem_with(certificate_pem(key_.get(), 1767225600), key_pem(key_.get())), "");
    ASSERT_TRUE(loaded_);
    EXPECT_EQ(loaded_->warnings(), std::vector<std::string>{"tls.certificate: " + certificate_ +
                                                            " expired on 2026-01-01; renew it"});
}

}  // namespace
}  // namespace gatepost::server
