// Certificates and keys that cannot be used: what is wrong, and what to do.
#include "tests/support/temporary_folder.hpp"

#include "server/cli/check_config.hpp"
#include "server/tls_context.hpp"
#include "server/tls_handles.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

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

    // What check-config says, without the file's name.
    std::string said_of(const std::string& from_line_5) {
        const std::string file = write("gatepost.yaml",
                                       "hostname: mx.example.com\ndomains: [example.com]\n"
                                       "listeners: [{address: 127.0.0.1:2525}]\n"
                                       "policy: {on_quarantine: reject}\n" +
                                           from_line_5);
        std::ostringstream out;
        std::ostringstream err;
        cli::check_config({file}, std::chrono::sys_days(std::chrono::year(2026) / 1 / 1), out, err);
        const std::string said = err.str();
        return said.starts_with(file) ? said.substr(file.size() + 1) : said;
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

// PRODUCT.md, "Configuration": line and column of the value that is wrong.
TEST_F(KeyPairs, AreBlamedWhereTheyAreNamed) {
    const std::string certificate = write("cert.pem", valid_);
    const std::string key = write("key.pem", key_pem(key_.get()));
    const std::string other = write("other.pem", key_pem(TlsKey(EVP_EC_gen("P-256")).get()));
    const std::string old = write("old.pem", certificate_pem(key_.get(), 1767225600));
    const std::string staple = write("staple.der", "x");
    const std::string relay = "relay: {to: [127.0.0.1:26], tls: required}\n";
    const auto pair = [&](const std::string& file, const std::string& key_file) {
        return relay + "tls:\n  certificate: " + file + "\n  private_key: {file: " + key_file + "}\n";
    };
    struct Case {
        std::string text;  // from line 5 on
        std::string said;
    };
    const std::vector<Case> cases = {
        {pair(key, key), "7:16: tls.certificate: "},
        {pair(certificate, other), "8:16: tls.private_key does not belong"},
        {pair(old, key), "7:16: warning: tls.certificate: "},
        {pair(certificate, key) + "  ocsp_staple: " + staple + "\n", "9:16: warning: tls.ocsp_staple: "},
        {pair(certificate, key) + "  client_ca: " + key + "\n", "9:14: tls.client_ca"},
        {pair(certificate, key) + "  certificates:\n  - {certificate: " + certificate +
             ", private_key: {file: " + key + "}, names: [a.example]}\n  - certificate: " + certificate +
             "\n    private_key: {file: " + other + "}\n    names: [b.example]\n",
         "12:18: tls.certificates[1].private_key does"},
        {"relay: {to: [127.0.0.1:26], tls: required, ca: " + key + "}\n", "5:48: relay.ca"},
        {"relay:\n  to: [127.0.0.1:26]\n  tls: required\n  client_certificate:\n    certificate: " +
             certificate + "\n    private_key: {file: " + other + "}\n",
         "10:18: relay.client_certificate.private_key does"},
    };
    EXPECT_EQ(said_of(pair(certificate, key)), "");
    for (const Case& c : cases)
        EXPECT_TRUE(said_of(c.text).starts_with(c.said)) << c.text << said_of(c.text);
}

}  // namespace
}  // namespace gatepost::server
