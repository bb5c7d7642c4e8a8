"""The backend past one machine: passages and vectors in Milvus, or what speaks its protocol."""
