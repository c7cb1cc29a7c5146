"""Reading manuscripts of the trade: patient articles as they are pasted from mails, word processors and web pages."""
