// Dialogs with BDAT (RFC 3030), each whole, octet by octet, and with a client that falls silent at each step.
#include "tests/support/smtp_script.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;
using namespace std::string_view_literals;

constexpr const char* nobody = "RCPT TO:<x@elsewhere.example>";

SmtpScript chunking_offered(smtp::SessionOptions options = smtp_options()) {
    SmtpScript script(std::move(options));
    script.send(hello).expect(250, "", "CHUNKING");
    return script;
}

SmtpScript at_message(smtp::SessionOptions options = smtp_options()) {
    auto script = chunking_offered(std::move(options));
    script.send(mail).expect(250, "2.1.0").send(rcpt).expect(250, "2.1.5");
    return script;
}

TEST(BdatDialog, OneChunk) {
    at_message()
        .send_raw("BDAT 15 LAST\r\nFrom: a\r\n\r\nb\r\n")
        .expect_nothing()
        .send_raw("\n")  // the octets are 14, and one more
        .expect(550, "5.6.0")
        .send(std::string(mail) + "\r\n" + rcpt)
        .expect(250)
        .expect(250)
        .send_raw("BDAT 14 LAST\r\nFrom: a\r\n\r\nb\r\n")
        .expect(250, "2.6.0")
        .expect_messages(1, "From: a\r\n\r\nb\r\n")
        .send("QUIT")
        .expect(221)
        .expect_close()
        .run();
}

// RFC 3030 §4.1, and §2: BDAT 0 LAST. CRLF may be cut by a border; a dot means nothing.
TEST(BdatDialog, SeveralChunks) {
    at_message()
        .send_raw("BDAT 4\r\na\r\n.")
        .expect(250, "2.0.0", "4 octets received")
        .expect_messages(0)
        .send_raw("BDAT 1\r\n\r")
        .expect(250, "2.0.0")
        .send_raw("BDAT 0\r\nBDAT 6\r\n\n.\r\nx\r")
        .expect(250, "2.0.0")
        .expect(250, "2.0.0")
        .send_raw("BDAT 1 LAST\r\n\n")
        .expect(250, "2.6.0")
        .expect_messages(1, "a\r\n.\r\n.\r\nx\r\n")
        .send(std::string(mail) + "\r\n" + rcpt)
        .expect(250)
        .expect(250)
        .send_raw("BDAT 3\r\na\r\nBDAT 0 LAST\r\n")
        .expect(250, "2.0.0")
        .expect(250, "2.6.0")
        .expect_messages(2, "a\r\n")
        .run();
}

// RFC 3030 §4.2: the whole transaction in one go.
TEST(BdatDialog, Pipelined) {
    chunking_offered()
        .send_raw(std::string(mail) + "\r\n" + rcpt + "\r\nBDAT 3\r\na\r\nBDAT 3 LAST\r\nb\r\nQUIT\r\n")
        .expect(250, "2.1.0")
        .expect(250, "2.1.5")
        .expect(250, "2.0.0")
        .expect(250, "2.6.0")
        .expect(221, "2.0.0")
        .expect_close()
        .expect_messages(1, "a\r\nb\r\n")
        .run();
}

// Whatever is wrong, the octets are never commands.
TEST(BdatDialog, OctetsOfARefusedChunkAreNoCommands) {
    const std::string chunk = "BDAT 6 LAST\r\nQUIT\r\n";
    SmtpScript().send_raw(chunk + "NOOP\r\n").expect(503, "5.5.1").expect(250).expect_messages(0).run();
    chunking_offered().send_raw(chunk).expect(503, "5.5.1").send("NOOP").expect(250).run();
    chunking_offered()
        .send(mail)
        .expect(250)
        .send_raw(chunk)
        .expect(503, "5.5.1")
        .send("NOOP")
        .expect(250)
        .run();
    auto required = smtp_options();
    required.tls = smtp::TlsMode::required;
    chunking_offered(required).send_raw(chunk).expect(530, "5.7.0").send("NOOP").expect(250).run();
    at_message()
        .send_raw("BDAT 6 FIRST\r\nQUIT\r\n")
        .expect(501, "5.5.4")
        .send_raw(chunk)
        .expect(503, "5.5.1")
        .send("NOOP")
        .expect(250)
        .expect_messages(0)
        .run();
}

// A failed MAIL or RCPT with the chunks already in the pipeline (RFC 3030 §2).
TEST(BdatDialog, ChunksBehindAFailedMailOrRcpt) {
    chunking_offered()
        .send_raw("MAIL FROM:<\r\n" + std::string(rcpt) + "\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n")
        .expect(501)
        .expect(503)
        .expect(503)
        .expect(503)
        .send("NOOP")
        .expect(250)
        .run();
    chunking_offered()
        .send_raw(std::string(mail) + "\r\n" + nobody + "\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n")
        .expect(250)
        .expect(550)
        .expect(554, "5.5.1")
        .expect(503, "5.5.1")
        .send(mail)  // the last chunk has ended the transaction
        .expect(250)
        .expect_messages(0)
        .run();
}

// Half a message never becomes one: a recipient that comes too late does not undo the refusal.
TEST(BdatDialog, NoRecipientBetweenChunks) {
    chunking_offered()
        .send_raw(std::string(mail) + "\r\n" + nobody + "\r\nBDAT 3\r\na\r\n" + rcpt +
                  "\r\nBDAT 3 LAST\r\nb\r\n")
        .expect(250)
        .expect(550)
        .expect(554)
        .expect(503, "5.5.1")
        .expect(503, "5.5.1")
        .expect_messages(0)
        .run();
    at_message().send_raw("BDAT 3\r\na\r\n").expect(250).send(rcpt).expect(503, "5.5.1").run();
}

// RFC 3030 §2: a chunk whose number nobody can read has no end that can be found.
TEST(BdatDialog, WithoutANumberTheConnectionEnds) {
    for (const char* argument : {"", " LAST", " -1", " 1x", " 0x10 LAST", " 1\tLAST"}) {
        SCOPED_TRACE(argument);
        at_message()
            .send_raw("BDAT" + std::string(argument) + "\r\nMAIL FROM:<b@client.example>\r\n")
            .expect(501, "5.5.4")
            .expect_close()
            .expect_messages(0)
            .run();
    }
    // Lines that are refused unread.
    at_message().send_raw("BDAT 6\nLAST\r\nQUIT\r\n").expect(500, "5.5.2").expect_close().run();
    at_message().send_raw("bdat 6\0\r\nQUIT\r\n"sv).expect(500, "5.5.2").expect_close().run();
    at_message()
        .send("BDAT 6 " + std::string(5000, 'x') + "\r\nQUIT")
        .expect(500, "5.5.2")
        .expect_close()
        .run();
}

// Local: limits.message_size. 552 and close, as a client that sends 99999999999999999999 octets is not waited
// for.
TEST(BdatDialog, OverTheLimit) {
    auto options = smtp_options();
    options.limits.message_size = 10;
    for (const char* size : {"11", "18446744073709551615", "99999999999999999999999"}) {
        SCOPED_TRACE(size);
        at_message(options)
            .send("BDAT " + std::string(size) + " LAST")
            .expect(552, "5.3.4")
            .expect_close()
            .run();
        chunking_offered(options).send("BDAT " + std::string(size)).expect(552, "5.3.4").expect_close().run();
    }
    at_message(options)
        .send_raw("BDAT 5\r\na\r\nb\r")
        .expect(250)
        .send("BDAT 6 LAST")
        .expect(552, "5.3.4")
        .expect_close()
        .expect_messages(0)
        .run();
    at_message(options)
        .send_raw("BDAT 10 LAST\r\n12345678\r\n")
        .expect(250, "2.6.0")
        .expect_messages(1)
        .run();
    // Without its CRLF, which is not the client's and not counted.
    at_message(options)
        .send_raw("BDAT 10 LAST\r\n1234567890")
        .expect(250)
        .expect_messages(1, "1234567890\r\n")
        .run();
}

// RFC 5321 §2.3.8 across the borders of chunks.
TEST(BdatDialog, BareNewlines) {
    struct Case {
        std::string_view chunks;
        int first, last;
    };
    for (const auto& [chunks, first, last] : {
             Case{"BDAT 2\r\na\nBDAT 0 LAST\r\n", 550, 503},
             Case{"BDAT 2\r\na\rBDAT 1 LAST\r\nb", 250, 550},
             Case{"BDAT 2\r\na\rBDAT 0 LAST\r\n", 250, 550},
             Case{"BDAT 1\r\naBDAT 1 LAST\r\n\n", 250, 550},
             Case{"BDAT 2\r\na\0BDAT 0 LAST\r\n"sv, 550, 503},
             Case{"BDAT 2\r\na\rBDAT 1 LAST\r\n\n", 250, 250},
         }) {
        SCOPED_TRACE(testing::PrintToString(std::string(chunks)));
        at_message()
            .send_raw(chunks)
            .expect(first)
            .expect(last)
            .expect_messages(last == 250 ? 1 : 0)
            .send(mail)
            .expect(250)
            .run();
    }
}

// RFC 3030 §2: DATA and BDAT never in one transaction; RSET clears what came.
TEST(BdatDialog, NeverWithData) {
    at_message()
        .send_raw("BDAT 3\r\na\r\n")
        .expect(250)
        .send("DATA")
        .expect(503, "5.5.1")
        .send("RSET")
        .expect(250)
        .send(std::string(mail) + "\r\n" + rcpt + "\r\nDATA")
        .expect(250)
        .expect(250)
        .expect(354)
        .send_raw("BDAT 3\r\n.\r\n")
        .expect(250, "2.6.0")
        .expect_messages(1, "BDAT 3\r\n")
        .run();
}

// RFC 3030 §3: BODY=BINARYMIME is not offered.
TEST(BdatDialog, NoBinaryMime) {
    chunking_offered().send(std::string(mail) + " BODY=BINARYMIME").expect(555, "5.5.4").run();
}

// Chunks in the pipeline behind a refused one are no further errors of the client.
TEST(BdatDialog, RefusedChunksCountOnce) {
    auto options = smtp_options();
    options.limits.errors_per_connection = 2;
    std::string chunks;
    SmtpScript script = chunking_offered(options);
    script.send(mail).expect(250).send(nobody).expect(550);
    for (int i = 0; i < 20; ++i)
        chunks += "BDAT 3\r\na\r\n";
    script.send_raw(chunks).expect(554);
    for (int i = 1; i < 20; ++i)
        script.expect(503);
    script.send("RSET").expect(250).run();
}

}  // namespace
}  // namespace gatepost::tests
