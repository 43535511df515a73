"""ADARA, the protocol of SNS and HFIR: framing, decoding, session, client; apart from each other."""
