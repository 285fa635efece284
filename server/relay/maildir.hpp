// Delivery into a Maildir: a file is written below tmp/, fsynced, and renamed into new/, so that a reader
// never sees half of it and a crash never loses what was answered 250.
#pragma once

#include "server/file_pool.hpp"
#include "server/relay/delivery.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::server::relay {

// Makes the folder with its tmp/, new/ and cur/. The problem, or empty.
std::string prepare_maildir(const std::filesystem::path& folder);

class MaildirDelivery final : public Delivery {
  public:
    // `unique_name` names the message's file: no other message ever has it.
    MaildirDelivery(std::filesystem::path folder, std::string unique_name, FilePool& files,
                    dns::Claim claim = {});

    bool is_apart(const smtp::Recipient&) const override { return false; }
    boost::asio::awaitable<std::optional<smtp::Reply>> add_recipient(const smtp::Envelope& sender,
                                                                     smtp::Recipient recipient) override;
    boost::asio::awaitable<smtp::Reply> deliver(const OutgoingMessage& message) override;
    boost::asio::awaitable<void> abandon() override;
    const std::string& problem() const override { return problem_; }
    std::string_view destination() const override { return destination_; }
    bool is_final() const override { return true; }

  private:
    // The problem, or empty.
    std::string write(const OutgoingMessage& message) const;

    std::filesystem::path folder_;
    std::string destination_;
    std::string unique_name_;
    FilePool& files_;
    dns::Claim claim_;  // whose turn it is where the disk is slow
    std::string problem_;
};

}  // namespace gatepost::server::relay
